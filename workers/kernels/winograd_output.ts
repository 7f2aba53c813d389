import { madd } from "./madd";
import { WinogradOutputStep } from "./steps";

// The rows of A^T, points as in f32_winograd_input.ts, by s = z1 + z2, d = z1 - z2, S = z3 + z4, D = z3 - z4:
//   z0 + s + S + z5,  d + D/2 + 2 z5,  s + S/4 + 4 z5 (+ z6),  d + D/8 + 8 z5,  s + S/16 + 16 z5 + z6
// of which 3 outputs have the first three, with z6, and 5 have all.

/** The factors, read once for each transform: see f32_winograd_input.ts. */
const FACTORS = memory.data<f32>([0.5, 0.25, 0.125, 0.0625, 2, 4, 8, 16]);

@inline
function first(z0: v128, s: v128, far: v128, z5: v128): v128 {
  return f32x4.add(f32x4.add(z0, s), f32x4.add(far, z5));
}
@inline
function next(near: v128, far: v128, share: v128, z5: v128, power: v128): v128 {
  return madd(power, z5, madd(share, far, near));
}

/** Seven vectors of eight channels at `from`, `plane` bytes apart, to `outputs` in a row at `to`. */
@inline
function transformRow(from: usize, plane: usize, to: usize, outputs: i32): void {
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
  const a6 = v128.load(at + plane);
  const b6 = v128.load(at + plane, 16);
  const aNear = f32x4.add(a1, a2);
  const bNear = f32x4.add(b1, b2);
  const aOdd = f32x4.sub(a1, a2);
  const bOdd = f32x4.sub(b1, b2);
  const aFar = f32x4.add(a3, a4);
  const bFar = f32x4.add(b3, b4);
  const aFarOdd = f32x4.sub(a3, a4);
  const bFarOdd = f32x4.sub(b3, b4);
  const half = v128.load32_splat(FACTORS, 0);
  const quarter = v128.load32_splat(FACTORS, 4);
  const two = v128.load32_splat(FACTORS, 16);
  const four = v128.load32_splat(FACTORS, 20);
  v128.store(to, first(a0, aNear, aFar, a5), 0);
  v128.store(to, first(b0, bNear, bFar, b5), 16);
  v128.store(to, next(aOdd, aFarOdd, half, a5, two), 32);
  v128.store(to, next(bOdd, bFarOdd, half, b5, two), 48);
  if (outputs == 3) {
    v128.store(to, f32x4.add(next(aNear, aFar, quarter, a5, four), a6), 64);
    v128.store(to, f32x4.add(next(bNear, bFar, quarter, b5, four), b6), 80);
    return;
  }
  const eighth = v128.load32_splat(FACTORS, 8);
  const sixteenth = v128.load32_splat(FACTORS, 12);
  const eight = v128.load32_splat(FACTORS, 24);
  const sixteen = v128.load32_splat(FACTORS, 28);
  v128.store(to, next(aNear, aFar, quarter, a5, four), 64);
  v128.store(to, next(bNear, bFar, quarter, b5, four), 80);
  v128.store(to, next(aOdd, aFarOdd, eighth, a5, eight), 96);
  v128.store(to, next(bOdd, bFarOdd, eighth, b5, eight), 112);
  v128.store(to, f32x4.add(next(aNear, aFar, sixteenth, a5, sixteen), a6), 128);
  v128.store(to, f32x4.add(next(bNear, bFar, sixteenth, b5, sixteen), b6), 144);
}

/** The last step of a column: `outputs` below each other, of which `rows` are inside the map. */
@inline
function transformColumn(
  from: usize,
  to: usize,
  outputs: i32,
  rows: i32,
  rowBytes: usize,
  bias: usize,
  floor: v128,
): void {
  const step = <usize>(outputs << 5);
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
  const aNear = f32x4.add(a1, a2);
  const bNear = f32x4.add(b1, b2);
  const aOdd = f32x4.sub(a1, a2);
  const bOdd = f32x4.sub(b1, b2);
  const aFar = f32x4.add(a3, a4);
  const bFar = f32x4.add(b3, b4);
  const aFarOdd = f32x4.sub(a3, a4);
  const bFarOdd = f32x4.sub(b3, b4);
  const aBias = v128.load(bias);
  const bBias = v128.load(bias, 16);
  const half = v128.load32_splat(FACTORS, 0);
  const quarter = v128.load32_splat(FACTORS, 4);
  const two = v128.load32_splat(FACTORS, 16);
  const four = v128.load32_splat(FACTORS, 20);
  at = to;
  v128.store(at, f32x4.pmax(f32x4.add(first(a0, aNear, aFar, a5), aBias), floor), 0);
  v128.store(at, f32x4.pmax(f32x4.add(first(b0, bNear, bFar, b5), bBias), floor), 16);
  if (rows == 1) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(next(aOdd, aFarOdd, half, a5, two), aBias), floor), 0);
  v128.store(at, f32x4.pmax(f32x4.add(next(bOdd, bFarOdd, half, b5, two), bBias), floor), 16);
  if (rows == 2) return;
  at += rowBytes;
  if (outputs == 3) {
    v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(next(aNear, aFar, quarter, a5, four), a6), aBias), floor), 0);
    v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(next(bNear, bFar, quarter, b5, four), b6), bBias), floor), 16);
    return;
  }
  const eighth = v128.load32_splat(FACTORS, 8);
  const sixteenth = v128.load32_splat(FACTORS, 12);
  const eight = v128.load32_splat(FACTORS, 24);
  const sixteen = v128.load32_splat(FACTORS, 28);
  v128.store(at, f32x4.pmax(f32x4.add(next(aNear, aFar, quarter, a5, four), aBias), floor), 0);
  v128.store(at, f32x4.pmax(f32x4.add(next(bNear, bFar, quarter, b5, four), bBias), floor), 16);
  if (rows == 3) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(next(aOdd, aFarOdd, eighth, a5, eight), aBias), floor), 0);
  v128.store(at, f32x4.pmax(f32x4.add(next(bOdd, bFarOdd, eighth, b5, eight), bBias), floor), 16);
  if (rows == 4) return;
  at += rowBytes;
  v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(next(aNear, aFar, sixteenth, a5, sixteen), a6), aBias), floor), 0);
  v128.store(at, f32x4.pmax(f32x4.add(f32x4.add(next(bNear, bFar, sixteenth, b5, sixteen), b6), bBias), floor), 16);
}

/** y = max(floor, A^T M A + bias) for one image: 49 planes [tiles][channels] to a map, outputs squared a tile. */
@inline
export function winogradOutput(address: usize, inputImage: i32, outputImage: i32, outputs: i32): void {
  const step = changetype<WinogradOutputStep>(address);
  const scratch = <usize>step.scratch;
  const floor = f32x4.splat(step.floor);
  const plane = <usize>step.inputPlane;
  const bytes = (step.channelTo - step.channelFrom) << 2;
  const skip = step.channelFrom << 2;
  let input = step.input + inputImage * step.inputImage + skip;
  for (let row = 0; row < step.outputRows; row += outputs)
    for (let column = 0; column < step.outputColumns; column += outputs) {
      const corner =
        step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn + skip;
      const rows = min(step.outputRows - row, outputs);
      const columns = min(step.outputColumns - column, outputs);
      for (let channel = 0; channel < bytes; channel += 32) {
        const products = <usize>(input + channel);
        for (let i = 0; i < 7; i++)
          transformRow(products + <usize>i * 7 * plane, plane, scratch + <usize>(i * (outputs << 5)), outputs);
        for (let j = 0; j < columns; j++)
          transformColumn(
            scratch + j * 32,
            <usize>(corner + channel + j * step.outputColumn),
            outputs,
            rows,
            step.outputRow,
            <usize>(step.bias + skip + channel),
            floor,
          );
      }
      input += step.inputTile;
    }
}
