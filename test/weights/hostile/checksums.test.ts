/** A bit that changed in an archive: every member has a CRC-32, which is checked whether it is packed or not. */
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { expect } from "chai";
import { crc32 } from "../../../lib/weights/crc32.js";
import { WeightFile } from "../../../lib/weights/file.js";
import { readZip, STORED } from "../../../lib/weights/zip.js";
import { floats, op, pickleBytes, tensorPickle, zipBytes } from "../helpers/build.js";
import { fixture, withFile } from "../helpers/files.js";
import { npyBytes } from "../helpers/numpy.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1 << bit;
  return copy;
};

const membersOf = (bytes: Buffer) =>
  withFile(bytes, async (path) => {
    const file = await WeightFile.at(path);
    return [...(await file.use((opened) => readZip(file, opened))).values()];
  });

describe("a flipped bit of a stored member", () => {
  const judge = Judge.ofSuite();
  for (const name of ["torch-state.pth", "torch-strided.pth", "torch-tied.pth", "numpy-stored.npz"])
    it(`is refused with the member and both sums, of every member: ${name}`, async () => {
      const whole = await readFile(fixture(name));
      await judge.reads(whole);
      const numbers = (await membersOf(whole)).filter((member) => /\/data\/\d+$|\.npy$/.test(member.name));
      expect(numbers.length).to.be.above(0);
      for (const { name: member, method, offset, size, crc } of numbers) {
        expect(method).to.equal(STORED);
        // in the lowest byte of the last number, which stays finite
        for (const bit of [0, 7]) {
          const damaged = flipped(whole, offset + size - 4, bit);
          const got = crc32(damaged.subarray(offset, offset + size));
          await judge.refuses(
            damaged,
            `FILE: member ${JSON.stringify(member)}: CRC-32 of its bytes is ${hex(got)}; it must be ${hex(crc)}, as the` +
              " directory says; the file is damaged, get it again",
          );
        }
      }
    });
});

const state = op.dict(op.text("w"), tensorPickle());
const array = npyBytes("<f4", "(2,)", floats(1, 2));
const deflated = deflateRawSync(array);

const CASES: readonly HostileCase[] = [
  [
    "torch-zip",
    "of the pickle",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(state), crc: 7 },
        { name: "a/data/0", data: floats(1, 2) },
      ]),
    /^FILE: member "a\/data\.pkl": CRC-32 of its bytes is 0x[0-9a-f]{8}; it must be 0x00000007, as the directory says; /,
  ],
  [
    "torch-zip",
    "of the byte order",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(state) },
        { name: "a/byteorder", data: Buffer.from("little"), crc: 7 },
        { name: "a/data/0", data: floats(1, 2) },
      ]),
    /^FILE: member "a\/byteorder": CRC-32 of its bytes is 0x[0-9a-f]{8}; it must be 0x00000007, as the directory says; /,
  ],
  [
    "torch-zip",
    "of a storage whose first element alone is a tensor",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(op.dict(op.text("w"), tensorPickle({ size: [1] }))) },
        { name: "a/data/0", data: floats(1, 2), crc: 7 },
      ]),
    /^FILE: member "a\/data\/0": CRC-32 of its bytes is 0x[0-9a-f]{8}; it must be 0x00000007, as the directory says; /,
  ],
  [
    "torch-zip",
    "of 0, as PyTorch writes it where it computes none",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(state) },
        { name: "a/data/0", data: floats(1, 2), crc: 0 },
      ]),
    /^FILE: member "a\/data\/0": CRC-32 .* must be 0x00000000, .*; save it with torch\.utils\.serialization\.config\.save\.compute_crc32 = True/,
  ],
  [
    "npz",
    "of a stored array",
    () => zipBytes([{ name: "w.npy", data: array, crc: 7 }]),
    /^FILE: member "w\.npy": CRC-32 of its bytes is 0x[0-9a-f]{8}; it must be 0x00000007, as the directory says; /,
  ],
  [
    "npz",
    "of a packed array",
    () =>
      zipBytes([
        { name: "w.npy", data: deflated, method: 8, size: array.length, packedSize: deflated.length, crc: 7 },
      ]),
    /^FILE: member "w\.npy": CRC-32 of its bytes is 0x[0-9a-f]{8}; it must be 0x00000007, as the directory says; /,
  ],
];
itRefuses("a wrong CRC-32", CASES);
