import { expect } from "chai";
import { naturalLogarithm, normalQuantile } from "../../lib/weights/normal.js";

describe("naturalLogarithm", () => {
  it("agrees with Math.log to 4 units of the last place, over 600 powers and what lies between", () => {
    let compared = 0;
    for (let exponent = -300; exponent < 300; exponent++)
      for (const mantissa of [1, 1.1, 1.25, 1.41421, 1.41422, 1.75, 1.999999]) {
        const x = mantissa * 2 ** exponent;
        const wanted = Math.log(x);
        // near 1 the result is small, and its error is that of the series: relative too
        expect(Math.abs(naturalLogarithm(x) - wanted), `ln ${x}`).to.be.at.most(
          4 * 2 ** -52 * Math.abs(wanted),
        );
        compared++;
      }
    expect(compared).to.equal(4200);
  });
});

describe("normalQuantile", () => {
  // sqrt(2) * erfinv(2p - 1) with 50 digits (mpmath), rounded
  const known: readonly [p: number, z: number][] = [
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167813],
    [0.975, 1.959963984540054],
    [0.5, 0],
    [0.99, 2.3263478740408408],
    [1e-9, -5.997807015007687],
  ];
  for (const [p, z] of known)
    it(`is ${z} at ${p}, to 1e-15 relative`, () => {
      expect(Math.abs(normalQuantile(p) - z)).to.be.at.most(1e-15 * Math.max(1, Math.abs(z)));
    });

  it("is odd around one half, rises, and has no step where its two approximations meet", () => {
    let before = -Infinity;
    for (let i = 1; i < 4096; i++) {
      const p = i / 4096;
      const z = normalQuantile(p);
      expect(z).to.equal(-normalQuantile(1 - p));
      expect(z).to.be.above(before);
      before = z;
    }
    const seam = 0.5 - 0.425;
    expect(Math.abs(normalQuantile(seam - 1e-12) - normalQuantile(seam + 1e-12))).to.be.below(2e-11);
  });
});
