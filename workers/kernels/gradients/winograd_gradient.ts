import { madd } from "../madd";
import { WinogradGradientStep } from "./steps";

// The rows of A, of workers/winograd.ts, are the powers of each point: with e and o the sums over even and odd powers,
// e + o at a point and e - o at minus that point; at 0 and at infinity the first and the last alone.

/** The factors, read once for each transform: see f32_winograd_input.ts. */
const FACTORS = memory.data<f32>([0.5, 0.25, 0.125, 0.0625, 2, 4, 8, 16]);

/** `count` vectors of eight channels at `from`, `step` bytes apart, to seven at `to`, `plane` bytes apart. */
@inline
function transform(from: usize, step: usize, to: usize, plane: usize, count: i32): void {
  const half = v128.load32_splat(FACTORS, 0);
  const quarter = v128.load32_splat(FACTORS, 4);
  const two = v128.load32_splat(FACTORS, 16);
  const four = v128.load32_splat(FACTORS, 20);
  let at = from;
  const a0 = v128.load(at);
  const b0 = v128.load(at, 16);
  at += step;
  const a1 = v128.load(at);
  const b1 = v128.load(at, 16);
  at += step;
  const a2 = v128.load(at);
  const b2 = v128.load(at, 16);
  let aLast = a2, bLast = b2;
  let aEven = f32x4.add(a0, a2), bEven = f32x4.add(b0, b2);
  let aOdd = a1, bOdd = b1;
  let aEvenHalf = madd(quarter, a2, a0), bEvenHalf = madd(quarter, b2, b0);
  let aOddHalf = f32x4.mul(half, a1), bOddHalf = f32x4.mul(half, b1);
  let aTwo = madd(four, a2, madd(two, a1, a0)), bTwo = madd(four, b2, madd(two, b1, b0));
  if (count == 5) {
    at += step;
    const a3 = v128.load(at);
    const b3 = v128.load(at, 16);
    at += step;
    const a4 = v128.load(at);
    const b4 = v128.load(at, 16);
    const eighth = v128.load32_splat(FACTORS, 8);
    const sixteenth = v128.load32_splat(FACTORS, 12);
    const eight = v128.load32_splat(FACTORS, 24);
    const sixteen = v128.load32_splat(FACTORS, 28);
    aLast = a4;
    bLast = b4;
    aEven = f32x4.add(aEven, a4);
    bEven = f32x4.add(bEven, b4);
    aOdd = f32x4.add(aOdd, a3);
    bOdd = f32x4.add(bOdd, b3);
    aEvenHalf = madd(sixteenth, a4, aEvenHalf);
    bEvenHalf = madd(sixteenth, b4, bEvenHalf);
    aOddHalf = madd(eighth, a3, aOddHalf);
    bOddHalf = madd(eighth, b3, bOddHalf);
    aTwo = madd(sixteen, a4, madd(eight, a3, aTwo));
    bTwo = madd(sixteen, b4, madd(eight, b3, bTwo));
  }
  at = to;
  v128.store(at, a0);
  v128.store(at, b0, 16);
  at += plane;
  v128.store(at, f32x4.add(aEven, aOdd));
  v128.store(at, f32x4.add(bEven, bOdd), 16);
  at += plane;
  v128.store(at, f32x4.sub(aEven, aOdd));
  v128.store(at, f32x4.sub(bEven, bOdd), 16);
  at += plane;
  v128.store(at, f32x4.add(aEvenHalf, aOddHalf));
  v128.store(at, f32x4.add(bEvenHalf, bOddHalf), 16);
  at += plane;
  v128.store(at, f32x4.sub(aEvenHalf, aOddHalf));
  v128.store(at, f32x4.sub(bEvenHalf, bOddHalf), 16);
  at += plane;
  v128.store(at, aTwo);
  v128.store(at, bTwo, 16);
  v128.store(at + plane, aLast);
  v128.store(at + plane, bLast, 16);
}

/** Bytes of seven rows of five vectors, in the scratch in front of a tile that is not whole. */
const TILE: usize = 7 * 5 * 32;

/** Eight channels of the `rows` x `columns` pixels of a tile that are inside of the map, to outputs squared with zeros. */
function copyTile(from: usize, rowStep: usize, columnStep: usize, rows: i32, columns: i32, outputs: i32, to: usize): void {
  const zero = f32x4.splat(0);
  for (let y = 0; y < outputs; y++)
    for (let x = 0; x < outputs; x++, to += 32) {
      const inside = i32(y < rows) & i32(x < columns);
      const pixel = from + <usize>y * rowStep + <usize>x * columnStep;
      v128.store(to, inside ? v128.load(pixel) : zero);
      v128.store(to, inside ? v128.load(pixel, 16) : zero, 16);
    }
}

/** Z = A dy A^T for every tile of one image: 49 planes [panels][tiles][NR]. Channels come by eight. */
@inline
export function winogradGradient(address: usize, slot: i32, image: i32, outputs: i32, NR: i32): void {
  const step = changetype<WinogradGradientStep>(address);
  const scratch = <usize>step.scratch;
  const plane = <usize>step.outputPlane;
  const map = step.gradient + slot * step.gradientImage;
  let tile = step.output + image * step.outputImage;
  for (let row = 0; row < step.rows; row += outputs)
    for (let column = 0; column < step.columns; column += outputs, tile += NR << 2) {
      const corner = map + row * step.gradientRow + column * step.gradientColumn;
      const rows = min(step.rows - row, outputs);
      const columns = min(step.columns - column, outputs);
      const whole = i32(rows == outputs) & i32(columns == outputs);
      for (let channel = step.panelFrom * NR; channel < step.panelTo * NR; channel += 8) {
        const to = <usize>(tile + (channel / NR) * step.outputPanel + ((channel % NR) << 2));
        if (channel >= step.channels) {
          for (let p: usize = 0; p < 49; p++) memory.fill(to + p * plane, 0, 32);
          continue;
        }
        let from = <usize>(corner + (channel << 2));
        let rowStep = <usize>step.gradientRow;
        let columnStep = <usize>step.gradientColumn;
        if (!whole) {
          copyTile(from, rowStep, columnStep, rows, columns, outputs, scratch + TILE);
          from = scratch + TILE;
          rowStep = <usize>(outputs << 5);
          columnStep = 32;
        }
        // rows of the tile to [outputs][7], then its columns
        for (let y = 0; y < outputs; y++)
          transform(from + <usize>y * rowStep, columnStep, scratch + <usize>(y * 224), 32, outputs);
        for (let j: usize = 0; j < 7; j++) transform(scratch + j * 32, 224, to + j * plane, 7 * plane, outputs);
      }
    }
}
