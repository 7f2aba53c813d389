import { WinogradInputStep } from "./steps";

// Winograd's minimal filtering with the points 0, 1, -1, 1/2, -2 and infinity: six inputs in a row give m outputs of
// a filter of 7 - m taps. The rows of B^T, all exact in float32:
//   [ 1  -3/2   -2   3/2   1   0 ]
//   [ 0    1  -1/2  -5/2  -1   0 ]
//   [ 0   -1   5/2  -1/2  -1   0 ]
//   [ 0    2     1    -2  -1   0 ]
//   [ 0    1    -2    -1   2   0 ]
//   [ 0    1  -3/2    -2  3/2  1 ]

@inline
function outer(x0: v128, x1: v128, x2: v128, x3: v128, x4: v128): v128 {
  const even = f32x4.sub(f32x4.add(x0, x4), f32x4.add(x2, x2));
  return f32x4.add(even, f32x4.mul(f32x4.splat(1.5), f32x4.sub(x3, x1)));
}
@inline
function one(x1: v128, x2: v128, x3: v128, x4: v128): v128 {
  const near = f32x4.add(f32x4.mul(f32x4.splat(0.5), x2), f32x4.mul(f32x4.splat(2.5), x3));
  return f32x4.sub(f32x4.sub(x1, x4), near);
}
@inline
function minusOne(x1: v128, x2: v128, x3: v128, x4: v128): v128 {
  const near = f32x4.sub(f32x4.mul(f32x4.splat(2.5), x2), f32x4.mul(f32x4.splat(0.5), x3));
  return f32x4.sub(near, f32x4.add(x1, x4));
}
@inline
function half(x1: v128, x2: v128, x3: v128, x4: v128): v128 {
  const odd = f32x4.sub(x1, x3);
  return f32x4.add(f32x4.add(odd, odd), f32x4.sub(x2, x4));
}
@inline
function minusTwo(x1: v128, x2: v128, x3: v128, x4: v128): v128 {
  const even = f32x4.sub(x4, x2);
  return f32x4.add(f32x4.sub(x1, x3), f32x4.add(even, even));
}

/** Six vectors of eight channels at `from`, `step` bytes apart, transformed to `to`, `plane` bytes apart. */
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
  at = to;
  v128.store(at, outer(a0, a1, a2, a3, a4));
  v128.store(at, outer(b0, b1, b2, b3, b4), 16);
  at += plane;
  v128.store(at, one(a1, a2, a3, a4));
  v128.store(at, one(b1, b2, b3, b4), 16);
  at += plane;
  v128.store(at, minusOne(a1, a2, a3, a4));
  v128.store(at, minusOne(b1, b2, b3, b4), 16);
  at += plane;
  v128.store(at, half(a1, a2, a3, a4));
  v128.store(at, half(b1, b2, b3, b4), 16);
  at += plane;
  v128.store(at, minusTwo(a1, a2, a3, a4));
  v128.store(at, minusTwo(b1, b2, b3, b4), 16);
  at += plane;
  v128.store(at, outer(a1, a2, a3, a4, a5));
  v128.store(at, outer(b1, b2, b3, b4, b5), 16);
}

/** V = B^T d B for every 6 x 6 window of one image: 36 planes [tiles][channels]. Channels come by eight. */
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
          for (let i = 0; i < 6; i++) transform(input + i * step.inputRow, columnStep, scratch + i * 192, 32);
          for (let j = 0; j < 6; j++) transform(scratch + j * 32, 192, target + <usize>j * plane, 6 * plane);
        }
      output += step.towers * channelBytes;
    }
}
