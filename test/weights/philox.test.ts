import { expect } from "chai";
import { keyOfSeed, philoxFill, type PhiloxCounter, type PhiloxKey } from "../../lib/weights/philox.js";

const hex = (words: Iterable<number>): string =>
  [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

describe("philox4x32-10", () => {
  // Random123's tests/kat_vectors
  const vectors: readonly [PhiloxCounter, PhiloxKey, string][] = [
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    ],
  ];
  for (const [counter, key, words] of vectors)
    it(`gives the published words for counter ${hex(counter)}`, () => {
      const out = new Uint32Array(4);
      philoxFill(key, counter, out);
      expect(hex(out)).to.equal(words);
    });

  it("fills block after block by counting up the first word", () => {
    const many = new Uint32Array(12);
    philoxFill([1, 2], [7, 3, 4, 5], many);
    const one = new Uint32Array(4);
    philoxFill([1, 2], [9, 3, 4, 5], one);
    expect([...many.subarray(8)]).to.deep.equal([...one]);
  });

  it("splits a seed of 53 bits into both words of the key", () => {
    const [low, high] = keyOfSeed(2 ** 53 - 1);
    expect(low >>> 0).to.equal(0xffffffff);
    expect(high).to.equal(0x1fffff);
  });
});
