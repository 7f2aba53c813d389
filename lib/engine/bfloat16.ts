/** Weights in bfloat16: the upper half of a float32, 8 bits of precision instead of 24. */

const INFINITY = 0x7f800000;
/** The highest bit of a NaN's payload: set, so that one whose payload lies in the lower half stays a NaN. */
const QUIET = 0x40;

/**
 * The bits of a float32 to those of the nearest bfloat16, ties to even. NaN stays NaN; what is nearer to 2^128 than to
 * the largest bfloat16 (3.39e38) becomes infinite.
 */
export function roundToBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > INFINITY) return (bits >>> 16) | QUIET;
  // just below a half, and one more where the result would be odd
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/**
 * Rounds a panel [K][panel] of float32, given as bits, into its packed place: in a row of panel / 2 words, word j holds
 * column j in its lower half and column panel / 2 + j in its upper half.
 */
export function roundPanel(source: Uint32Array, target: Uint32Array, panel: number): void {
  const half = panel / 2;
  for (let row = 0, at = 0; row < source.length; row += panel)
    for (let column = row; column < row + half; column++)
      target[at++] = roundToBfloat16(source[column]) | (roundToBfloat16(source[column + half]) << 16);
}
