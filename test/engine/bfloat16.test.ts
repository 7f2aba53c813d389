/** float32 to bfloat16, the nearest one, ties to even. */
import { expect } from "chai";
import { roundPanel } from "../../lib/engine/packing/bfloat16.js";
import { roundToBF16 } from "../../lib/weights/numbers.js";
import { Random, testSeed } from "../random.js";
import { nearestBfloat16 } from "./rounded-weights.js";

const seed = testSeed();
const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);
const bitsOf = (value: number): number => {
  floats[0] = value;
  return words[0];
};
const valueOf = (bits: number): number => {
  words[0] = bits;
  return floats[0];
};
/** What a float32 becomes, given and told as bits of float32. */
const rounded = (bits: number): number => valueOf((roundToBF16(bits) << 16) >>> 0);

describe(`bfloat16 (TEST_SEED=${seed})`, () => {
  it("leaves every bfloat16 as it is, and every NaN a NaN", () => {
    for (let upper = 0; upper < 65536; upper++) {
      const bits = (upper << 16) >>> 0;
      if (Number.isNaN(valueOf(bits))) expect(rounded(bits)).to.be.NaN;
      else if (roundToBF16(bits) !== upper) expect(roundToBF16(bits)).to.equal(upper);
    }
    for (const bits of [0x7f800001, 0x7f80ffff, 0x7fffffff, 0xff800001, 0xffffffff])
      expect(rounded(bits), bits.toString(16)).to.be.NaN;
  });

  it("rounds to the nearest, ties to even, carries into the exponent, overflows to infinity", () => {
    const cases: [from: number, to: number][] = [
      [0x3f807fff, 0x3f80],
      [0x3f808000, 0x3f80],
      [0x3f808001, 0x3f81],
      [0x3f817fff, 0x3f81],
      [0x3f818000, 0x3f82],
      [0x3fffffff, 0x4000],
      [0xbf808000, 0xbf80],
      [0xbf818000, 0xbf82],
      [0x00000001, 0x0000],
      [0x80000001, 0x8000],
      [0x007fffff, 0x0080],
      [0x7f7f7fff, 0x7f7f],
      [0x7f7f8000, 0x7f80],
      [0xff7fffff, 0xff80],
      [0x7f800000, 0x7f80],
      [0xff800000, 0xff80],
    ];
    for (const [from, to] of cases)
      expect(roundToBF16(from).toString(16), from.toString(16)).to.equal(to.toString(16));
  });

  it("is the nearer of two neighbours for any bits, and at most 1/256 of a normal number away", () => {
    const random = new Random(seed);
    let normal = 0;
    for (let repeat = 0; repeat < 200_000; repeat++) {
      // every fourth is a tie
      const bits =
        repeat % 4 === 0 ? random.integer(0, 65535) * 65536 + 32768 : random.integer(0, 2 ** 32 - 1);
      const value = valueOf(bits);
      const nearest = nearestBfloat16(value);
      if (!Object.is(rounded(bits), nearest)) expect.fail(`seed ${seed}: ${value} to ${rounded(bits)}`);
      if (!(Math.abs(value) >= 2 ** -126 && Number.isFinite(nearest))) continue;
      normal++;
      if (!(Math.abs(nearest - value) <= Math.abs(value) / 256)) expect.fail(`${value} to ${nearest}`);
    }
    expect(normal).to.be.above(100_000);
  });

  it("packs the halves of a row into the halves of its words", () => {
    const source = Uint32Array.from([1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6, -7, -8].map(bitsOf));
    const target = new Uint32Array(8);
    roundPanel(source, target, 8);
    const pairs = [...target].map((word) => [valueOf((word << 16) >>> 0), valueOf(word & 0xffff0000)]);
    expect(pairs).to.deep.equal([
      ...[1, 2, 3, 4].map((column) => [column, column + 4]),
      ...[1, 2, 3, 4].map((column) => [-column, -column - 4]),
    ]);
  });
});
