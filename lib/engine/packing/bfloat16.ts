/** Weights in bfloat16: the upper half of a float32, 8 bits of precision instead of 24. */
import { roundToBF16 } from "../../weights/numbers.js";

/**
 * Rounds a panel [K][panel] of float32, given as bits, into its packed place: in a row of panel / 2 words, word j holds
 * column j in its lower half and column panel / 2 + j in its upper half.
 */
export function roundPanel(source: Uint32Array, target: Uint32Array, panel: number): void {
  const half = panel / 2;
  for (let row = 0, at = 0; row < source.length; row += panel)
    for (let column = row; column < row + half; column++)
      target[at++] = roundToBF16(source[column]) | (roundToBF16(source[column + half]) << 16);
}
