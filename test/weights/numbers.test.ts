import { expect } from "chai";
import { crc32 } from "../../lib/weights/crc32.js";
import { firstNotFinite, halfToNumber, toBF16, toFloat32 } from "../../lib/weights/numbers.js";

describe("numbers of weight files", () => {
  it("reads halves: zeros, subnormals, the smallest normal, the largest, infinities and NaN", () => {
    const cases: readonly [bits: number, value: number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0x3555, 0.333251953125],
      [0xc100, -2.5],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7e00, NaN],
    ];
    for (const [bits, value] of cases)
      expect(Object.is(halfToNumber(bits), value), `0x${bits.toString(16)} is ${value}`).to.be.true;
  });

  it("reads a BF16 as the upper half of a float32, into a view that does not start its buffer", () => {
    const out = new Float32Array(4).subarray(2);
    toFloat32("BF16", new Uint8Array(Uint16Array.of(0x3eab, 0xc020).buffer), out);
    expect([...out]).to.deep.equal([0.333984375, -2.5]);
  });

  it("rounds to BF16 to nearest, ties to even", () => {
    const bits = Uint32Array.of(
      0x3f808000,
      0x3f818000,
      0x3f808001,
      0x3f807fff,
      0xbf808000,
      0x00008000,
      0x3fffffff,
    );
    const out = new Uint16Array(bits.length);
    expect(toBF16(new Float32Array(bits.buffer), out)).to.equal(-1);
    expect([...out]).to.deep.equal([0x3f80, 0x3f82, 0x3f81, 0x3f80, 0xbf80, 0x0000, 0x4000]);
  });

  it("keeps zeros, infinities and NaN as BF16, also a NaN whose payload lies in the lower half", () => {
    const bits = Uint32Array.of(0, 0x80000000, 0x7f800000, 0xff800000, 0x7f800001, 0xffc12345, 0x7fffffff);
    const out = new Uint16Array(bits.length);
    toBF16(new Float32Array(bits.buffer), out);
    expect([...out]).to.deep.equal([0, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0xffc1, 0x7fff]);
    const read = new Float32Array(bits.length);
    toFloat32("BF16", new Uint8Array(out.buffer), read);
    expect([...read]).to.deep.equal([0, -0, Infinity, -Infinity, NaN, NaN, NaN]);
  });

  it("finds the first value past the largest BF16", () => {
    const largest = new Float32Array(Uint32Array.of(0x7f7f7fff, 0xff7f7fff, 0x7f7f8000).buffer);
    expect(toBF16(largest.subarray(0, 2), new Uint16Array(2))).to.equal(-1);
    expect(toBF16(largest, new Uint16Array(3))).to.equal(2);
  });

  it("finds the first NaN or infinity at every place of runs of every length to 9", () => {
    for (let length = 0; length <= 9; length++) {
      const values = new Float32Array(length).fill(-3.4e38);
      expect(firstNotFinite(values)).to.equal(-1);
      for (let at = 0; at < length; at++)
        for (const bad of [NaN, Infinity, -Infinity]) {
          const spoiled = values.slice();
          spoiled[at] = bad;
          spoiled[length - 1] = bad;
          expect(firstNotFinite(spoiled), `${bad} at ${at} of ${length}`).to.equal(at);
        }
    }
  });

  it("computes zip's CRC-32: the published check value of 123456789", () => {
    expect(crc32(Buffer.from("123456789"))).to.equal(0xcbf43926);
    expect(crc32(new Uint8Array())).to.equal(0);
  });
});
