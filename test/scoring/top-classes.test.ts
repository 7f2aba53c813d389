import { expect } from "chai";
import fc from "fast-check";
import { topClasses } from "../../lib/scoring/top-classes.js";

const indices = (probabilities: readonly number[], count: number): number[] =>
  topClasses(Float64Array.from(probabilities), count, undefined).map(({ index }) => index);

describe("topClasses", () => {
  it("of equal classes the lower index comes first, also where one of them is left out", () => {
    expect(indices([0.2, 0.3, 0.2, 0.3], 3)).to.deep.equal([1, 3, 0]);
    expect(indices([0.25, 0.25, 0.25, 0.25], 2)).to.deep.equal([0, 1]);
    expect(indices([1], 1)).to.deep.equal([0]);
  });

  it("gives the probability as it is, and the label or null", () => {
    expect(topClasses(Float64Array.of(0.1, 0.9), 1, ["cat", "dog"])).to.deep.equal([
      { index: 1, label: "dog", probability: 0.9 },
    ]);
    expect(topClasses(Float64Array.of(0.1, 0.9), 1, undefined)[0].label).to.equal(null);
  });

  it("gives the first of a stable sort by falling probability", () => {
    const values = fc.array(fc.constantFrom(0, 0.125, 0.25, 0.5), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.nat(29), (probabilities, nth) => {
        const count = 1 + (nth % probabilities.length);
        const sorted = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
        expect(indices(probabilities, count)).to.deep.equal(sorted.slice(0, count));
      }),
    );
  });
});
