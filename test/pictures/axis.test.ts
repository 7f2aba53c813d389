import { expect } from "chai";
import { linearAxis, logarithmicAxis } from "../../lib/pictures/axis.js";
import { Random, testSeed } from "../random.js";

describe("linear axis", () => {
  for (const [least, most, count, texts] of [
    [0, 30, 10, ["0", "5", "10", "15", "20", "25", "30"]],
    [0, 2.3, 6, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]],
    [0.0312, 0.0317, 5, ["0.0312", "0.0313", "0.0314", "0.0315", "0.0316", "0.0317"]],
    [12, 97, 5, ["0", "20", "40", "60", "80", "100"]],
    [-3, 4, 4, ["-4", "-2", "0", "2", "4"]],
    [0, 450_000, 5, ["0", "100000", "200000", "300000", "400000", "500000"]],
    [0, 4e6, 4, ["0", "1e+6", "2e+6", "3e+6", "4e+6"]],
    [5, 5, 5, ["2", "4", "6", "8"]],
    [0, 0, 5, ["-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6"]],
  ] as const)
    it(`marks ${least} to ${most} at ${texts.join(" ")}`, () => {
      const axis = linearAxis(least, most, count);
      expect(axis.ticks.map(axis.text)).to.deep.equal(texts);
    });

  const seed = testSeed();
  it(`holds its values between even marks that are no more than twice as many (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let run = 0; run < 500; run++) {
      const least = (random.next() - 0.5) * 10 ** random.integer(-6, 6);
      // not so near that their sums are rounded
      const most =
        least + (random.next() + 1e-3) * 10 ** random.integer(-3, 3) * Math.max(1, Math.abs(least));
      const count = random.integer(2, 12);
      const axis = linearAxis(least, most, count);
      const span = axis.most - axis.least;
      expect(axis.least).to.be.at.most(least + span * 1e-9);
      expect(axis.most).to.be.at.least(most - span * 1e-9);
      expect(axis.ticks.length).to.be.within(2, count + 2);
      const steps = axis.ticks.slice(1).map((tick, index) => tick - axis.ticks[index]);
      for (const step of steps) expect(step).to.be.closeTo(steps[0], span * 1e-9);
      expect([axis.place(axis.ticks[0]), axis.place(axis.ticks[axis.ticks.length - 1])]).to.deep.equal([
        0, 1,
      ]);
      expect(axis.place((axis.least + axis.most) / 2)).to.be.closeTo(0.5, 1e-9);
      expect(new Set(axis.ticks.map(axis.text)).size).to.equal(axis.ticks.length);
    }
  });
});

describe("logarithmic axis", () => {
  it("marks powers of ten", () => {
    const axis = logarithmicAxis(0.00001, 0.01);
    expect(axis.ticks.map(axis.text)).to.deep.equal(["0.00001", "0.0001", "0.001", "0.01"]);
    expect(axis.ticks.map(axis.place).map((place) => Number(place.toFixed(9)))).to.deep.equal([
      0, 0.333333333, 0.666666667, 1,
    ]);
    expect(logarithmicAxis(0.02, 0.7).ticks).to.deep.equal([0.01, 0.1, 1]);
    expect(logarithmicAxis(1, 1).ticks).to.deep.equal([1, 10]);
  });
});
