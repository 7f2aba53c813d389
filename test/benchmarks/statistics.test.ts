import { expect } from "chai";
import { rateFields, ratioOf, spreadOf } from "../../benchmarks/statistics.js";

describe("benchmarks: statistics", () => {
  it("the median of an odd number of values is the middle one, of an even number the mean of two", () => {
    expect(spreadOf([9, 1, 4])).to.deep.equal({ min: 1, median: 4, max: 9 });
    expect(spreadOf([9, 1, 4, 2])).to.deep.equal({ min: 1, median: 3, max: 9 });
    expect(spreadOf([10, 9, 100])).to.deep.equal({ min: 9, median: 10, max: 100 });
  });

  it("leaves the values as they are", () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).to.deep.equal([3, 1, 2]);
  });

  it("refuses what is no measurement", () => {
    expect(() => spreadOf([])).to.throw(RangeError, "nothing was measured");
    expect(() => spreadOf([1, NaN])).to.throw(RangeError, "nothing was measured");
  });

  it("takes ratios round by round, so that a slow round counts for both", () => {
    expect(ratioOf([2, 20, 4], [1, 10, 1])).to.deep.equal({ min: 2, median: 2, max: 4 });
    expect(() => ratioOf([1, 2], [1])).to.throw(RangeError, "2 rounds beside 1");
  });

  it("the longest time is the lowest rate", () => {
    expect(rateFields(64, spreadOf([320, 640, 1280]))).to.deep.equal({
      imagesPerSecond: 100,
      slowest: 50,
      fastest: 200,
    });
  });
});
