import { spread } from "./pixels";

/** An output of one axis: the two source pixels or rows it lies between, and their weights as two i16. */
@unmanaged
class Output {
  first: i32;
  second: i32;
  weights: i32;
}

const OUTPUT_BYTES: usize = 12;

/**
 * Output rows [rows][columns][3] of bytes from source rows of `sourceRow` bytes. `source` is where row 0 would be; only
 * those that are needed must be there. `above` and `below` are room for an interpolated row each, columns * 3 of i16.
 *
 * Loads and stores are 8 or 16 bytes long and go beyond a row's end, where the next row is written later: behind
 * everything there must be 32 bytes.
 */
export function opencv(
  source: usize,
  sourceRow: i32,
  across: usize,
  columns: i32,
  down: usize,
  rows: i32,
  above: usize,
  below: usize,
  target: usize,
): void {
  const values = columns * 3;
  // Output rows go down the source, so two interpolated rows are enough; -1 is none yet.
  let rowAbove = -1;
  let rowBelow = -1;
  for (const end = down + <usize>rows * OUTPUT_BYTES; down < end; down += OUTPUT_BYTES) {
    const output = changetype<Output>(down);
    const first = output.first;
    const second = output.second;
    if (rowBelow == first) {
      const other = above;
      above = below;
      below = other;
      rowBelow = rowAbove;
      rowAbove = first;
    }
    if (rowAbove != first) interpolate(source + <usize>(first * sourceRow), across, columns, above);
    rowAbove = first;
    if (second != first && rowBelow != second) {
      interpolate(source + <usize>(second * sourceRow), across, columns, below);
      rowBelow = second;
    }
    mix(above, second == first ? above : below, output.weights, values, target);
    target += <usize>values;
  }
}

/**
 * One source row at the output's columns, as sums of 11 fraction bits less the four that `mix` would drop. The second
 * pixel is read behind the first: at the edge, where it is another one, it has no weight.
 */
function interpolate(row: usize, across: usize, columns: i32, target: usize): void {
  for (const end = across + <usize>columns * OUTPUT_BYTES; across < end; across += OUTPUT_BYTES) {
    const output = changetype<Output>(across);
    const pixels = spread(v128.load64_zero(row + <usize>(output.first * 3)));
    const sums = i32x4.shr_s(i32x4.dot_i16x8_s(pixels, i32x4.splat(output.weights)), 4);
    v128.store64_lane(target, i16x8.narrow_i32x4_s(sums, sums), 0);
    target += 6;
  }
}

function mix(above: usize, below: usize, weights: i32, values: i32, target: usize): void {
  const a = i16x8.splat(<i16>weights);
  const b = i16x8.splat(<i16>(weights >> 16));
  for (const end = target + <usize>values; target < end; target += 16) {
    const low = mixed(v128.load(above), a, v128.load(below), b);
    const high = mixed(v128.load(above, 16), a, v128.load(below, 16), b);
    v128.store(target, i8x16.narrow_i16x8_u(low, high));
    above += 32;
    below += 32;
  }
}

/** Each product drops its lower 16 bits before the two are added. */
@inline
function mixed(above: v128, a: v128, below: v128, b: v128): v128 {
  const sum = i16x8.add(upperHalves(above, a), upperHalves(below, b));
  return i16x8.shr_s(i16x8.add(sum, i16x8.splat(2)), 2);
}

/** x * y >> 16 of eight i16. */
@inline
function upperHalves(x: v128, y: v128): v128 {
  const low = i32x4.extmul_low_i16x8_s(x, y);
  const high = i32x4.extmul_high_i16x8_s(x, y);
  return v128.shuffle<i16>(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
}
