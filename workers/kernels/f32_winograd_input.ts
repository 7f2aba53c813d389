import { madd } from "./madd";
import { WinogradInputStep } from "./steps";

// Winograd's minimal filtering with the points 0, 1, -1, 1/2, -1/2, 2 and infinity: workers/winograd.ts has B^T. Its
// rows are sums of few terms, u[i] = x[i + 2] - x[i] / 4 and v[i] = x[i + 2] - x[i], with t = u[3] - u[1]:
//   0:    t - 2 (u2 - u0)      1: u3 - 2 u1 - u2      1/2: v3 - v1 - 3/2 v2      2: t
//   inf:  (u4 - u2) - 2 t     -1: u3 + 2 u1 - 3 u2   -1/2: v3 + v1 - 5/2 v2

@inline
function u(from: v128, to: v128): v128 {
  return madd(f32x4.splat(-0.25), from, to);
}
@inline
function one(u1: v128, u2: v128, u3: v128): v128 {
  return f32x4.sub(madd(f32x4.splat(-2), u1, u3), u2);
}
@inline
function minusOne(u1: v128, u2: v128, u3: v128): v128 {
  return madd(f32x4.splat(-3), u2, madd(f32x4.splat(2), u1, u3));
}
@inline
function half(v1: v128, v2: v128, v3: v128): v128 {
  return madd(f32x4.splat(-1.5), v2, f32x4.sub(v3, v1));
}
@inline
function minusHalf(v1: v128, v2: v128, v3: v128): v128 {
  return madd(f32x4.splat(-2.5), v2, f32x4.add(v3, v1));
}

/** Seven vectors of eight channels at `from`, `step` bytes apart, transformed to `to`, `plane` bytes apart. */
@inline
function transform(from: usize, step: usize, to: usize, plane: usize): void {
  let at = from;
  const a0 = v128.load(at);
  const b0 = v128.load(at, 16);
  at += step;
  const a1 = v128.load(at);
  const b1 = v128.load(at, 16);
  at += step;
  const a2 = v128.load(at);
  const b2 = v128.load(at, 16);
  at += step;
  const a3 = v128.load(at);
  const b3 = v128.load(at, 16);
  at += step;
  const a4 = v128.load(at);
  const b4 = v128.load(at, 16);
  at += step;
  const a5 = v128.load(at);
  const b5 = v128.load(at, 16);
  at += step;
  const a6 = v128.load(at);
  const b6 = v128.load(at, 16);
  const au0 = u(a0, a2);
  const bu0 = u(b0, b2);
  const au1 = u(a1, a3);
  const bu1 = u(b1, b3);
  const au2 = u(a2, a4);
  const bu2 = u(b2, b4);
  const au3 = u(a3, a5);
  const bu3 = u(b3, b5);
  const au4 = u(a4, a6);
  const bu4 = u(b4, b6);
  const av1 = f32x4.sub(a3, a1);
  const bv1 = f32x4.sub(b3, b1);
  const av2 = f32x4.sub(a4, a2);
  const bv2 = f32x4.sub(b4, b2);
  const av3 = f32x4.sub(a5, a3);
  const bv3 = f32x4.sub(b5, b3);
  const aT = f32x4.sub(au3, au1);
  const bT = f32x4.sub(bu3, bu1);
  at = to;
  v128.store(at, madd(f32x4.splat(-2), f32x4.sub(au2, au0), aT));
  v128.store(at, madd(f32x4.splat(-2), f32x4.sub(bu2, bu0), bT), 16);
  at += plane;
  v128.store(at, one(au1, au2, au3));
  v128.store(at, one(bu1, bu2, bu3), 16);
  at += plane;
  v128.store(at, minusOne(au1, au2, au3));
  v128.store(at, minusOne(bu1, bu2, bu3), 16);
  at += plane;
  v128.store(at, half(av1, av2, av3));
  v128.store(at, half(bv1, bv2, bv3), 16);
  at += plane;
  v128.store(at, minusHalf(av1, av2, av3));
  v128.store(at, minusHalf(bv1, bv2, bv3), 16);
  at += plane;
  v128.store(at, aT);
  v128.store(at, bT, 16);
  at += plane;
  v128.store(at, madd(f32x4.splat(-2), aT, f32x4.sub(au4, au2)));
  v128.store(at, madd(f32x4.splat(-2), bT, f32x4.sub(bu4, bu2)), 16);
}

/** V = B^T d B for every 7 x 7 window of one image: 49 planes [tiles][channels]. Channels come by eight. */
export function f32_winograd_input(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<WinogradInputStep>(address);
  const scratch = <usize>step.scratch;
  const channelBytes = step.channels << 2;
  const columnStep = <usize>step.inputColumn;
  const plane = <usize>step.outputPlane;
  let output = step.output + outputImage * step.outputImage;
  for (let row = 0; row < step.tileRows; row++)
    for (let column = 0; column < step.tileColumns; column++) {
      const corner =
        step.input + inputImage * step.inputImage + step.tileStep * (row * step.inputRow + column * step.inputColumn);
      for (let tower = 0; tower < step.towers; tower++)
        for (let channel = 0; channel < channelBytes; channel += 32) {
          const input = <usize>(corner + tower * step.inputTower + channel);
          const target = <usize>(output + tower * channelBytes + channel);
          for (let i = 0; i < 7; i++) transform(input + i * step.inputRow, columnStep, scratch + i * 224, 32);
          for (let j = 0; j < 7; j++) transform(scratch + j * 32, 224, target + <usize>j * plane, 7 * plane);
        }
      output += step.towers * channelBytes;
    }
}
