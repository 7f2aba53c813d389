import { expect } from "chai";
import { expectClose, maxRelativeToLargest } from "./golden.js";

const rules = (tolerance: number, shape = [1, 2, 1, 2]) => ({ shape, tolerance, what: "conv1" });

describe("expectClose", () => {
  it("accepts differences up to the tolerance's share of the largest expected value", () => {
    expectClose([1, 2, 3, 4.25], [1, 2, 3, 4], rules(0.0625));
    expectClose(Float32Array.of(0, -8, 0.5, 0), [0.5, -8, 0, -0], rules(0.0625));
  });

  it("accepts equal numbers, -0 for 0 and the same NaN and infinities with tolerance 0", () => {
    expectClose([NaN, Infinity, -Infinity, -0], [NaN, Infinity, -Infinity, 0], rules(0));
  });

  it("names the first bad element by n, c, h, w, and the largest difference", () => {
    expect(() => {
      expectClose([1, 2, 3.5, 2], [1, 2, 3, 4], rules(0.0625));
    }).to.throw(
      "conv1: 2 of 4 elements differ by more than 0.25; first at n 0, c 1, h 0, w 0:" +
        " got 3.5, expected 3; largest difference 2",
    );
  });

  it("names the place on every axis of a map", () => {
    const shape = [2, 3, 4, 5];
    const expected = Array.from({ length: 120 }, () => 1);
    const index = ((1 * 3 + 2) * 4 + 3) * 5 + 1;
    expect(() => {
      expectClose(expected.with(index, 2), expected, rules(0, shape));
    }).to.throw("first at n 1, c 2, h 3, w 1: got 2, expected 1");
  });

  it("names the axes of other shapes by number", () => {
    expect(() => {
      expectClose([1, 2, 3, 5], [1, 2, 3, 4], rules(0, [2, 2]));
    }).to.throw("first at axis 0 1, axis 1 1: got 5, expected 4");
  });

  it("refuses a difference just above the tolerance, in either direction", () => {
    for (const off of [4.26, 3.74])
      expect(() => {
        expectClose([1, 2, 3, off], [1, 2, 3, 4], rules(0.0625));
      }).to.throw("1 of 4 elements");
  });

  it("does not let an infinity among the expected values allow any difference", () => {
    expect(() => {
      expectClose([Infinity, 1, 1, 2], [Infinity, 1, 1, 1], rules(0.5));
    }).to.throw("differ by more than 0.5; first at n 0, c 1, h 0, w 1: got 2, expected 1");
  });

  const apart: [actual: number, expected: number][] = [
    [NaN, 1],
    [1, NaN],
    [Infinity, 1],
    [1, Infinity],
    [Infinity, -Infinity],
    [NaN, Infinity],
    [Infinity, NaN],
  ];
  for (const [actual, expected] of apart)
    it(`refuses ${actual} for ${expected} whatever the tolerance`, () => {
      expect(() => {
        expectClose([1, 1, 1, actual], [1, 1, 1, expected], rules(1e9));
      }).to.throw(`got ${actual}, expected ${expected}; largest difference Infinity`);
    });

  it("refuses lengths that are not the shape's", () => {
    expect(() => {
      expectClose([1, 2, 3], [1, 2, 3, 4], rules(1));
    }).to.throw("conv1: got 3 elements, [1, 2, 1, 2] has 4");
    expect(() => {
      expectClose([1, 2, 3, 4], [1, 2, 3, 4, 5], rules(1));
    }).to.throw("conv1: expected values are 5, [1, 2, 1, 2] has 4");
  });

  it("refuses a tolerance that compares nothing", () => {
    for (const tolerance of [NaN, -1])
      expect(() => {
        expectClose([1, 2, 3, 4], [1, 2, 3, 4], rules(tolerance));
      }).to.throw(`conv1: tolerance ${tolerance} must be 0 or more`);
  });
});

describe("maxRelativeToLargest", () => {
  it("is the largest difference over the largest expected value", () => {
    expect(maxRelativeToLargest([1, -7, 2], [1, -8, 1.5])).to.equal(0.125);
    expect(maxRelativeToLargest(Float64Array.of(1, 2), Float32Array.of(1, 2))).to.equal(0);
    expect(maxRelativeToLargest([0, 0], [0, 0])).to.equal(0);
  });

  it("is infinite where only one side is NaN or infinite, or only the expected values are all 0", () => {
    expect(maxRelativeToLargest([NaN, 1], [1, 1])).to.equal(Infinity);
    expect(maxRelativeToLargest([1, 1], [1, Infinity])).to.equal(Infinity);
    expect(maxRelativeToLargest([1e-30, 0], [0, 0])).to.equal(Infinity);
  });

  it("refuses different lengths", () => {
    expect(() => maxRelativeToLargest([1], [1, 2])).to.throw("got 1 elements, expected 2");
  });
});
