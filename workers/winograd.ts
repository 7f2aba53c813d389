/**
 * The matrices of Winograd's minimal filtering with six points: m outputs of a filter of r = 7 - m taps from six
 * inputs, y = A^T [(G g) * (B^T d)] (Lavin and Gray, 2015). The points 0, 1, -1, 1/2, -2 and infinity keep the error
 * of 3 x 3 filters near 4e-7 of the largest output, where the usual 0, 1, -1, 2, -2 have 6e-7 and a direct sum 1.5e-7.
 */

/** Inputs in a row of one window, and products of one output. */
export const POINTS = 6;
/** Products of a window: one plane each. */
export const PLANES = POINTS * POINTS;

const FINITE = [0, 1, -1, 0.5, -2];

/** 6 x 6; all entries exact in float32. */
export const B_TRANSPOSED: readonly (readonly number[])[] = [
  [1, -1.5, -2, 1.5, 1, 0],
  [0, 1, -0.5, -2.5, -1, 0],
  [0, -1, 2.5, -0.5, -1, 0],
  [0, 2, 1, -2, -1, 0],
  [0, 1, -2, -1, 2, 0],
  [0, 1, -1.5, -2, 1.5, 1],
];

/** What each point's row of G is multiplied by, so that B^T has the round entries above. */
const SCALES = [1, -1 / 3, 1 / 3, 16 / 15, 1 / 30];

/** The powers of every point, 0 to count - 1; infinity has only the highest. */
const powers = (count: number): number[][] => [
  ...FINITE.map((point) => Array.from({ length: count }, (_, power) => point ** power)),
  Array.from({ length: count }, (_, power) => (power === count - 1 ? 1 : 0)),
];

/** G, 6 x taps, for filters of 3 or 5 taps. */
export const filterTransform = (taps: number): number[][] =>
  powers(taps).map((row, point) => row.map((value) => value * (SCALES[point] ?? 1)));

/** A^T, m x 6, for 4 or 2 outputs. */
export const outputTransform = (outputs: number): number[][] => {
  const rows = powers(outputs);
  return Array.from({ length: outputs }, (_, output) => rows.map((row) => row[output]));
};
