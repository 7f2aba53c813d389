/**
 * The matrices of Winograd's minimal filtering with seven points: m outputs of a filter of r = 8 - m taps from seven
 * inputs, y = A^T [(G g) * (B^T d)] (Lavin and Gray, 2015). Of the sets of small points, 0, 1, -1, 1/2, -1/2, 2 and
 * infinity has one of the smallest errors, and B^T and A^T are exact in float32. Over 55, 27 and 13 outputs, AlexNet's
 * maps, tiles of 5 and 3 waste nothing, nothing and 2 of 15.
 */

/** Inputs in a row of one window, and products of one output. */
export const POINTS = 7;
/** Products of a window: one plane each. */
export const PLANES = POINTS * POINTS;

const FINITE = [0, 1, -1, 0.5, -0.5, 2];

/**
 * 7 x 7. The row of a finite point p has the coefficients of the product of (x - q) over the other finite points q,
 * that of infinity those of the product over all.
 */
export const B_TRANSPOSED: readonly (readonly number[])[] = [
  [-0.5, 0.25, 2.5, -1.25, -2, 1, 0],
  [0, 0.5, 0.25, -2.25, -1, 1, 0],
  [0, -0.5, 0.75, 1.75, -3, 1, 0],
  [0, 1, 1.5, -2, -1.5, 1, 0],
  [0, -1, 2.5, 0, -2.5, 1, 0],
  [0, 0.25, 0, -1.25, 0, 1, 0],
  [0, -0.5, 0.25, 2.5, -1.25, -2, 1],
];

/** What each point's row of G is multiplied by: 1 over the product of p - q. */
const SCALES = [-2, -2 / 3, -2 / 9, 16 / 9, 16 / 15, 2 / 45];

/** The powers of every point, 0 to count - 1; infinity has only the highest. */
const powers = (count: number): number[][] => [
  ...FINITE.map((point) => Array.from({ length: count }, (_, power) => point ** power)),
  Array.from({ length: count }, (_, power) => (power === count - 1 ? 1 : 0)),
];

/** G, 7 x taps, for filters of 3 or 5 taps. */
export const filterTransform = (taps: number): number[][] =>
  powers(taps).map((row, point) => row.map((value) => value * (SCALES[point] ?? 1)));

/** A^T, m x 7, for 5 or 3 outputs. */
export const outputTransform = (outputs: number): number[][] => {
  const rows = powers(outputs);
  return Array.from({ length: outputs }, (_, output) => rows.map((row) => row[output]));
};
