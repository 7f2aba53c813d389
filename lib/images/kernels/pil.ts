import { spread } from "./pixels";

const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);
const LOWER_BITS = 15;

/** An output of one axis: its first source pixel or row, and how many pairs of weights follow. */
@unmanaged
class Output {
  first: i32;
  pairs: i32;
}

/**
 * Two weights, split: the lower 15 bits of each as two i16, and what is above as two i16. Products of i16 are added in
 * pairs by one instruction, which those of i32 are not.
 */
@unmanaged
class Pair {
  lower: i32;
  upper: i32;
}

const OUTPUT_BYTES: usize = 8;
const PAIR_BYTES: usize = 8;

/**
 * The pass along rows: `rows` source rows of `sourceRow` bytes to [rows][columns][3] of bytes. Outputs of `across` are
 * `acrossBytes` apart. An odd tap is paired with a weight of 0: whatever pixel is there does not count.
 *
 * Here and in the other pass loads and stores are up to 8 bytes long and go beyond a row's end, where the next row is
 * written later: behind everything there must be 8 bytes.
 */
export function pil_across(
  source: usize,
  sourceRow: i32,
  across: usize,
  acrossBytes: i32,
  columns: i32,
  rows: i32,
  target: usize,
): void {
  const end = across + <usize>(columns * acrossBytes);
  for (let row = 0; row < rows; row++) {
    for (let at = across; at < end; at += <usize>acrossBytes) {
      const output = changetype<Output>(at);
      let from = source + <usize>(output.first * 3);
      let lower = i32x4.splat(HALF);
      let upper = i32x4.splat(0);
      let weights = at + OUTPUT_BYTES;
      for (const last = weights + <usize>output.pairs * PAIR_BYTES; weights < last; weights += PAIR_BYTES) {
        const pair = changetype<Pair>(weights);
        const pixels = spread(v128.load64_zero(from));
        lower = i32x4.add(lower, i32x4.dot_i16x8_s(pixels, i32x4.splat(pair.lower)));
        upper = i32x4.add(upper, i32x4.dot_i16x8_s(pixels, i32x4.splat(pair.upper)));
        from += 6;
      }
      const values = whole(lower, upper);
      const narrow = i16x8.narrow_i32x4_s(values, values);
      v128.store32_lane(target, i8x16.narrow_i16x8_u(narrow, narrow), 0);
      target += 3;
    }
    source += <usize>sourceRow;
  }
}

/**
 * The pass along columns: rows of `rowBytes` bytes to [rows][rowBytes]. `source` is where row 0 would be; only those that
 * are needed must be there, and behind the last one room for another, which an odd tap is paired with.
 */
export function pil_down(source: usize, rowBytes: i32, down: usize, downBytes: i32, rows: i32, target: usize): void {
  for (const end = down + <usize>(rows * downBytes); down < end; down += <usize>downBytes) {
    const output = changetype<Output>(down);
    const weights = down + OUTPUT_BYTES;
    const last = weights + <usize>output.pairs * PAIR_BYTES;
    const first = source + <usize>(output.first * rowBytes);
    for (let column = 0; column < rowBytes; column += 8) {
      let from = first + <usize>column;
      let lowerFirst = i32x4.splat(HALF);
      let lowerLast = lowerFirst;
      let upperFirst = i32x4.splat(0);
      let upperLast = upperFirst;
      for (let at = weights; at < last; at += PAIR_BYTES) {
        const pair = changetype<Pair>(at);
        const above = v128.load64_zero(from);
        const below = v128.load64_zero(from + <usize>rowBytes);
        const both = v128.shuffle<u8>(above, below, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const four = i16x8.extend_low_i8x16_u(both);
        const more = i16x8.extend_high_i8x16_u(both);
        const lower = i32x4.splat(pair.lower);
        const upper = i32x4.splat(pair.upper);
        lowerFirst = i32x4.add(lowerFirst, i32x4.dot_i16x8_s(four, lower));
        lowerLast = i32x4.add(lowerLast, i32x4.dot_i16x8_s(more, lower));
        upperFirst = i32x4.add(upperFirst, i32x4.dot_i16x8_s(four, upper));
        upperLast = i32x4.add(upperLast, i32x4.dot_i16x8_s(more, upper));
        from += <usize>(2 * rowBytes);
      }
      const narrow = i16x8.narrow_i32x4_s(whole(lowerFirst, upperFirst), whole(lowerLast, upperLast));
      v128.store64_lane(target + <usize>column, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    }
    target += <usize>rowBytes;
  }
}

/** Sums without their fraction; rounded weights need not add up to one, so bytes are clamped when they are narrowed. */
@inline
function whole(lower: v128, upper: v128): v128 {
  return i32x4.shr_s(i32x4.add(lower, i32x4.shl(upper, LOWER_BITS)), FRACTION_BITS);
}
