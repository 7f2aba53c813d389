import { WinogradOutputStep } from "./steps";

// The rows of A^T for 4 outputs, points as in f32_winograd_input.ts, all exact in float32:
//   [ 1  1   1    1   1  0 ]
//   [ 0  1  -1  1/2  -2  0 ]
//   [ 0  1   1  1/4   4  0 ]
//   [ 0  1  -1  1/8  -8  1 ]

@inline
function first(z0: v128, z1: v128, z2: v128, z3: v128, z4: v128): v128 {
  return f32x4.add(f32x4.add(z0, f32x4.add(z1, z2)), f32x4.add(z3, z4));
}
@inline
function odd(z1: v128, z2: v128, z3: v128, z4: v128, c3: f32, c4: f32): v128 {
  const far = f32x4.add(f32x4.mul(f32x4.splat(c3), z3), f32x4.mul(f32x4.splat(c4), z4));
  return f32x4.add(f32x4.sub(z1, z2), far);
}
@inline
function even(z1: v128, z2: v128, z3: v128, z4: v128): v128 {
  const far = f32x4.add(f32x4.mul(f32x4.splat(0.25), z3), f32x4.mul(f32x4.splat(4), z4));
  return f32x4.add(f32x4.add(z1, z2), far);
}

/** Six vectors of eight channels at `from`, `plane` bytes apart, to 4 in a row at `to`. */
@inline
function transformRow(from: usize, plane: usize, to: usize): void {
  let at = from;
  const a0 = v128.load(at);
  const b0 = v128.load(at, 16);
  at += plane;
  const a1 = v128.load(at);
  const b1 = v128.load(at, 16);
  at += plane;
  const a2 = v128.load(at);
  const b2 = v128.load(at, 16);
  at += plane;
  const a3 = v128.load(at);
  const b3 = v128.load(at, 16);
  at += plane;
  const a4 = v128.load(at);
  const b4 = v128.load(at, 16);
  at += plane;
  const a5 = v128.load(at);
  const b5 = v128.load(at, 16);
  v128.store(to, first(a0, a1, a2, a3, a4), 0);
  v128.store(to, first(b0, b1, b2, b3, b4), 16);
  v128.store(to, odd(a1, a2, a3, a4, 0.5, -2), 32);
  v128.store(to, odd(b1, b2, b3, b4, 0.5, -2), 48);
  v128.store(to, even(a1, a2, a3, a4), 64);
  v128.store(to, even(b1, b2, b3, b4), 80);
  v128.store(to, f32x4.add(odd(a1, a2, a3, a4, 0.125, -8), a5), 96);
  v128.store(to, f32x4.add(odd(b1, b2, b3, b4, 0.125, -8), b5), 112);
}

/** The last step of a column: 4 outputs below each other, of which `rows` are inside the map. */
@inline
function transformColumn(from: usize, to: usize, rows: i32, rowBytes: usize, bias: usize, floor: v128): void {
  let at = from;
  const a0 = v128.load(at, 0);
  const b0 = v128.load(at, 16);
  const a1 = v128.load(at, 128);
  const b1 = v128.load(at, 144);
  const a2 = v128.load(at, 256);
  const b2 = v128.load(at, 272);
  const a3 = v128.load(at, 384);
  const b3 = v128.load(at, 400);
  const a4 = v128.load(at, 512);
  const b4 = v128.load(at, 528);
  const a5 = v128.load(at, 640);
  const b5 = v128.load(at, 656);
  const biasA = v128.load(bias);
  const biasB = v128.load(bias, 16);
  at = to;
  v128.store(at, f32x4.pmax(f32x4.add(first(a0, a1, a2, a3, a4), biasA), floor));
  v128.store(at, f32x4.pmax(f32x4.add(first(b0, b1, b2, b3, b4), biasB), floor), 16);
  if (rows == 1) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(odd(a1, a2, a3, a4, 0.5, -2), biasA), floor));
  v128.store(at, f32x4.pmax(f32x4.add(odd(b1, b2, b3, b4, 0.5, -2), biasB), floor), 16);
  if (rows == 2) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(even(a1, a2, a3, a4), biasA), floor));
  v128.store(at, f32x4.pmax(f32x4.add(even(b1, b2, b3, b4), biasB), floor), 16);
  if (rows == 3) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(odd(a1, a2, a3, a4, 0.125, -8), a5), biasA), floor));
  v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(odd(b1, b2, b3, b4, 0.125, -8), b5), biasB), floor), 16);
}

/** y = max(floor, A^T M A + bias) for one image: 36 planes [tiles][channels] to a map, 4 x 4 outputs a tile. */
export function f32_winograd_output_4x4(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<WinogradOutputStep>(address);
  const scratch = <usize>step.scratch;
  const floor = f32x4.splat(step.floor);
  const plane = <usize>step.inputPlane;
  const bytes = (step.channelTo - step.channelFrom) << 2;
  const skip = step.channelFrom << 2;
  let input = step.input + inputImage * step.inputImage + skip;
  for (let row = 0; row < step.outputRows; row += 4)
    for (let column = 0; column < step.outputColumns; column += 4) {
      const corner =
        step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn + skip;
      const rows = min(step.outputRows - row, 4);
      const columns = min(step.outputColumns - column, 4);
      for (let channel = 0; channel < bytes; channel += 32) {
        for (let i = 0; i < 6; i++)
          transformRow(<usize>(input + channel) + <usize>i * 6 * plane, plane, scratch + i * 128);
        for (let j = 0; j < columns; j++)
          transformColumn(
            scratch + j * 32,
            <usize>(corner + channel + j * step.outputColumn),
            rows,
            step.outputRow,
            <usize>(step.bias + skip + channel),
            floor,
          );
      }
      input += step.inputTile;
    }
}
