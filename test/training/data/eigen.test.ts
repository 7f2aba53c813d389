import { expect } from "chai";
import { eigenOf, type Triple } from "../../../lib/training/data/eigen.js";
import { Random, testSeed } from "../../random.js";

type Matrix = readonly [Triple, Triple, Triple];
const seed = testSeed();
const dot = (a: Triple, b: Triple) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/**
 * A sweep is three rotations, each of which rounds the six numbers that it changes at most four times; ten sweeps are
 * more than any of these needs: 10 * 3 * 4 * 6 roundings of 2^-53 of the largest number there is.
 */
const TOLERANCE = 720 * 2 ** -53;

function expectEigen(matrix: Matrix): void {
  const { values, vectors } = eigenOf(matrix);
  const scale = Math.max(...matrix.flat().map(Math.abs), Number.MIN_VALUE) * 3;
  vectors.forEach((vector, at) => {
    matrix.forEach((row, axis) => {
      expect(Math.abs(dot(row, vector) - values[at] * vector[axis]), "A v - lambda v").to.be.at.most(
        TOLERANCE * scale,
      );
    });
    vectors.forEach((other, index) => {
      expect(Math.abs(dot(vector, other) - Number(index === at)), "v v'").to.be.at.most(TOLERANCE);
    });
    const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
    expect(largest).to.be.above(0);
  });
  expect(values[0]).to.be.at.least(values[1]);
  expect(values[1]).to.be.at.least(values[2]);
}

describe("eigenvalues of a symmetric 3 x 3 matrix", () => {
  it(`solve A v = lambda v with vectors that are orthonormal, largest first (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 2000; repeat++) {
      const scale = 10 ** random.integer(-12, 6);
      const [a, b, c, d, e, f] = Array.from(
        { length: 6 },
        () => random.value() * scale * 10 ** -random.integer(0, 4),
      );
      expectEigen([
        [a, b, c],
        [b, d, e],
        [c, e, f],
      ]);
    }
  });

  it("of diagonal matrices, equal values, rank one and zero", () => {
    expect(
      eigenOf([
        [1, 0, 0],
        [0, 3, 0],
        [0, 0, 2],
      ]),
    ).to.deep.equal({
      values: [3, 2, 1],
      vectors: [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ],
    });
    expectEigen([
      [2, 1, 1],
      [1, 2, 1],
      [1, 1, 2],
    ]);
    expectEigen([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expectEigen([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expectEigen([
      [1, 1e-300, 0],
      [1e-300, 1, 0],
      [0, 0, 1],
    ]);
  });

  it("of a matrix whose are known: 2 - sqrt(2), 2, 2 + sqrt(2)", () => {
    const { values } = eigenOf([
      [2, -1, 0],
      [-1, 2, -1],
      [0, -1, 2],
    ]);
    [2 + Math.SQRT2, 2, 2 - Math.SQRT2].forEach((wanted, at) => {
      expect(Math.abs(values[at] - wanted)).to.be.at.most(TOLERANCE * 6);
    });
  });
});
