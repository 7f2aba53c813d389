import { expect } from "chai";
import { ImageDraws, orderOf } from "../../../lib/training/data/draws.js";
import { philoxFill } from "../../../lib/weights/philox.js";
import { Random, testSeed } from "../../random.js";

const seed = testSeed();

/**
 * Chi-squared of counts that should be alike. With k degrees of freedom it passes k + 2 sqrt(k x) + 2 x with a probability
 * of at most e^-x (B. Laurent and P. Massart, "Adaptive estimation of a quadratic functional by model selection", Annals of
 * Statistics 28, 2000, lemma 1): for x = 20 once in 4 * 10^8.
 */
function expectEven(counts: readonly number[], what: string): void {
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  const chi = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  const freedom = counts.length - 1;
  expect(chi, what).to.be.below(freedom + 2 * Math.sqrt(freedom * 20) + 40);
}

describe("the order of an epoch", () => {
  it("has every number once, and is another for each epoch and each seed", () => {
    for (const size of [1, 2, 3, 100, 5000]) {
      const orders = [
        orderOf(size, 1, 0),
        orderOf(size, 1, 1),
        orderOf(size, 2, 0),
        orderOf(size, 2 ** 40, 0),
      ];
      for (const order of orders)
        expect([...order].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: size }, (_, i) => i));
      expect(orderOf(size, 1, 1)).to.deep.equal(orders[1]);
      if (size >= 100) expect(new Set(orders.map(String)).size).to.equal(4);
    }
  });

  it("is Fisher and Yates' shuffle by words of the counters [block, 0, epoch, orde]", () => {
    const words = new Uint32Array(20);
    philoxFill([7, 0], [0, 0, 3, 0x6f726465], words);
    const wanted = Array.from({ length: 10 }, (_, index) => index);
    for (let last = 9, at = 0; last > 0; last--, at += 2) {
      const fraction = (words[at] * 2 ** 21 + (words[at + 1] >>> 11)) / 2 ** 53;
      const other = Math.floor(fraction * (last + 1));
      [wanted[last], wanted[other]] = [wanted[other], wanted[last]];
    }
    expect([...orderOf(10, 7, 3)]).to.deep.equal(wanted);
  });

  it(`puts each number at each place about as often (TEST_SEED=${seed})`, () => {
    const counts = Array.from({ length: 36 }, () => 0);
    const orders = new Map<string, number>();
    for (let epoch = 0; epoch < 36_000; epoch++) {
      const order = orderOf(6, seed, epoch);
      order.forEach((value, place) => counts[value * 6 + place]++);
      const key = order.join("");
      orders.set(key, (orders.get(key) ?? 0) + 1);
    }
    for (let value = 0; value < 6; value++)
      expectEven(counts.slice(value * 6, value * 6 + 6), `number ${value}`);
    expect(orders.size, "all of the 720 orders").to.equal(720);
    expectEven([...orders.values()], "orders");
  });
});

describe("the draws of an image", () => {
  const all = (draws: ImageDraws): number[] => [
    draws.row(33),
    draws.column(33),
    Number(draws.mirrored()),
    draws.normal(0),
    draws.normal(1),
    draws.normal(2),
    draws.cutoutRow(32),
    draws.cutoutColumn(32),
  ];

  it("are of the seed, the epoch and the image, whatever was drawn before and in whatever order", () => {
    const draws = new ImageDraws(5);
    draws.moveTo(2, 17);
    const wanted = all(draws);
    draws.moveTo(2, 18);
    expect(all(draws)).not.to.deep.equal(wanted);
    draws.moveTo(3, 17);
    expect(all(draws)).not.to.deep.equal(wanted);
    draws.moveTo(2, 17);
    expect(draws.cutoutColumn(32)).to.equal(wanted[7]);
    expect(all(draws)).to.deep.equal(wanted);
    const others = new ImageDraws(6);
    others.moveTo(2, 17);
    expect(all(others)).not.to.deep.equal(wanted);
  });

  it(`are even, or normal, and do not depend on each other (TEST_SEED=${seed})`, () => {
    const draws = new ImageDraws(new Random(seed).integer(0, 2 ** 31));
    const count = 40_000;
    const rows = Array.from({ length: 9 }, () => 0);
    const corners = Array.from({ length: 16 }, () => 0);
    const mirrors = [0, 0];
    const cutouts = Array.from({ length: 16 }, () => 0);
    const sums = [0, 0, 0];
    const squares = [0, 0, 0];
    const products = [0, 0, 0];
    for (let image = 0; image < count; image++) {
      draws.moveTo(image % 3, image);
      rows[draws.row(9)]++;
      corners[draws.row(4) * 4 + draws.column(4)]++;
      mirrors[Number(draws.mirrored())]++;
      cutouts[draws.cutoutRow(4) * 4 + draws.cutoutColumn(4)]++;
      const normals = [draws.normal(0), draws.normal(1), draws.normal(2)];
      normals.forEach((value, at) => {
        sums[at] += value;
        squares[at] += value * value;
        products[at] += value * normals[(at + 1) % 3];
      });
    }
    expectEven(rows, "rows");
    expectEven(corners, "rows and columns together");
    expectEven(mirrors, "mirrored or not");
    expectEven(cutouts, "rows and columns of the cutout");
    // means of n draws with standard deviations 1, sqrt(2) and 1: six of them are passed once in 5 * 10^8
    const root = Math.sqrt(count);
    for (const at of [0, 1, 2]) {
      expect(Math.abs(sums[at] / count), "mean").to.be.below(6 / root);
      expect(Math.abs(squares[at] / count - 1), "variance").to.be.below((6 * Math.SQRT2) / root);
      expect(Math.abs(products[at] / count), "covariance").to.be.below(6 / root);
    }
  });
});
