import { madd } from "./madd";
import { WinogradInputStep } from "./steps";

// Winograd's minimal filtering with the points 0, 1, -1, 1/2, -1/2, 2 and infinity: workers/winograd.ts has B^T. Its
// rows are sums of few terms, u[i] = x[i + 2] - x[i] / 4 and v[i] = x[i + 2] - x[i], with t = u[3] - u[1]:
//   0:    t - 2 (u2 - u0)      1: u3 - 2 u1 - u2      1/2: v3 - v1 - 3/2 v2      2: t
//   inf:  (u4 - u2) - 2 t     -1: u3 + 2 u1 - 3 u2   -1/2: v3 + v1 - 5/2 v2

/**
 * The factors, read once for each transform: as a constant in the code each use takes V8 three or four instructions
 * in place of one.
 */
const FACTORS = memory.data<f32>([-0.25, -2, 2, -3, -1.5, -2.5]);

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
  const a6 = v128.load(at + step);
  const b6 = v128.load(at + step, 16);
  const minusQuarter = v128.load32_splat(FACTORS, 0);
  const minusTwo = v128.load32_splat(FACTORS, 4);
  const two = v128.load32_splat(FACTORS, 8);
  const minusThree = v128.load32_splat(FACTORS, 12);
  const minusThreeHalves = v128.load32_splat(FACTORS, 16);
  const minusFiveHalves = v128.load32_splat(FACTORS, 20);
  const au0 = madd(minusQuarter, a0, a2);
  const bu0 = madd(minusQuarter, b0, b2);
  const au1 = madd(minusQuarter, a1, a3);
  const bu1 = madd(minusQuarter, b1, b3);
  const au2 = madd(minusQuarter, a2, a4);
  const bu2 = madd(minusQuarter, b2, b4);
  const au3 = madd(minusQuarter, a3, a5);
  const bu3 = madd(minusQuarter, b3, b5);
  const au4 = madd(minusQuarter, a4, a6);
  const bu4 = madd(minusQuarter, b4, b6);
  const av1 = f32x4.sub(a3, a1);
  const bv1 = f32x4.sub(b3, b1);
  const av2 = f32x4.sub(a4, a2);
  const bv2 = f32x4.sub(b4, b2);
  const av3 = f32x4.sub(a5, a3);
  const bv3 = f32x4.sub(b5, b3);
  const aT = f32x4.sub(au3, au1);
  const bT = f32x4.sub(bu3, bu1);
  at = to;
  v128.store(at, madd(minusTwo, f32x4.sub(au2, au0), aT));
  v128.store(at, madd(minusTwo, f32x4.sub(bu2, bu0), bT), 16);
  at += plane;
  v128.store(at, f32x4.sub(madd(minusTwo, au1, au3), au2));
  v128.store(at, f32x4.sub(madd(minusTwo, bu1, bu3), bu2), 16);
  at += plane;
  v128.store(at, madd(minusThree, au2, madd(two, au1, au3)));
  v128.store(at, madd(minusThree, bu2, madd(two, bu1, bu3)), 16);
  at += plane;
  v128.store(at, madd(minusThreeHalves, av2, f32x4.sub(av3, av1)));
  v128.store(at, madd(minusThreeHalves, bv2, f32x4.sub(bv3, bv1)), 16);
  at += plane;
  v128.store(at, madd(minusFiveHalves, av2, f32x4.add(av3, av1)));
  v128.store(at, madd(minusFiveHalves, bv2, f32x4.add(bv3, bv1)), 16);
  at += plane;
  v128.store(at, aT);
  v128.store(at, bT, 16);
  v128.store(at + plane, madd(minusTwo, aT, f32x4.sub(au4, au2)));
  v128.store(at + plane, madd(minusTwo, bT, f32x4.sub(bu4, bu2)), 16);
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
