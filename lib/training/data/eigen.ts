/** Eigenvalues and eigenvectors of a symmetric 3 x 3 matrix. */

export type Triple = readonly [number, number, number];

export interface Eigen {
  /** From the largest to the smallest. */
  readonly values: Triple;
  /** `vectors[i]` belongs to `values[i]`; length 1, its component of the largest size positive. */
  readonly vectors: readonly [Triple, Triple, Triple];
}

/** Each sweep squares what is off the diagonal, so six take it below 1e-16 of the largest; the rest is a reserve. */
const MOST_SWEEPS = 50;
const PAIRS = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/**
 * Cyclic Jacobi rotations (G. H. Golub and C. F. Van Loan, "Matrix computations", section 8.5) until all that is off
 * the diagonal is lost in the rounding of what is on it. Only + - * / and square roots: the same bits everywhere.
 * @param matrix symmetric, [row][column]
 */
export function eigenOf(matrix: readonly [Triple, Triple, Triple]): Eigen {
  const a = matrix.map((row) => [...row]);
  const vectors = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const rotated = PAIRS.filter(([p, q]) => rotate(a, vectors, p, q));
    if (rotated.length === 0) break;
  }
  const order = [0, 1, 2].sort((i, j) => a[j][j] - a[i][i] || i - j);
  const [first, second, third] = order.map((column) => ({
    value: a[column][column],
    vector: pointed([vectors[0][column], vectors[1][column], vectors[2][column]]),
  }));
  return {
    values: [first.value, second.value, third.value],
    vectors: [first.vector, second.vector, third.vector],
  };
}

/** Makes a[p][q] zero; false where it adds nothing to the diagonal any more. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): boolean {
  const off = a[p][q];
  const scale = Math.abs(a[p][p]) + Math.abs(a[q][q]);
  if (scale + Math.abs(off) === scale) return false;
  const theta = (a[q][q] - a[p][p]) / (2 * off);
  // of the two angles the smaller one, which converges
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
  for (let k = 0; k < 3; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
  for (const row of vectors) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  a[p][q] = 0;
  a[q][p] = 0;
  return true;
}

/** An eigenvector's sign is anyone's choice: so it is always the same one. */
function pointed([x, y, z]: Triple): Triple {
  const largest = [x, y, z].reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
  return largest < 0 ? [-x, -y, -z] : [x, y, z];
}
