/** .npz archives that are built by hand, most of them wrong. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { expect } from "chai";
import { crc32 } from "../../lib/weights/crc32.js";
import { loadWeights } from "../../lib/weights/index.js";
import { zipBytes, type MemberParts } from "./helpers/build.js";
import { expectError, inFolder, readAll, withFile } from "./helpers/files.js";
import { headerText, npyBytes, npyHeader, PAIR } from "./helpers/numpy.js";

const damaged = "; the file is damaged, get it again";

const refuse = (bytes: Uint8Array, text: string | RegExp) =>
  withFile(bytes, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", text, path));

describe("npz archives", () => {
  const pair = npyBytes("<f4", "(2,)", PAIR);
  const packed = (name: string, data: Uint8Array, parts: Partial<MemberParts> = {}): MemberParts => ({
    name,
    data: deflateRawSync(data),
    method: 8,
    crc: crc32(data),
    size: data.length,
    packedSize: deflateRawSync(data).length,
    ...parts,
  });

  it("takes a header of Python 2, with long sizes", () =>
    withFile(zipBytes([{ name: "a.npy", data: npyBytes("<f4", "(1L, 2L)", PAIR) }]), async (path) => {
      expect((await loadWeights(path)).tensors.get("a")?.shape).to.deep.equal([1, 2]);
    }));

  it("reads a deflated array that is longer than any header", () => {
    const values = Float32Array.from({ length: 300_000 }, (_, index) => Math.sin(index));
    const bytes = npyBytes("<f4", "(300000,)", Buffer.from(values.buffer));
    return withFile(zipBytes([packed("a.npy", bytes), packed("b.npy", pair)]), async (path) => {
      const weights = await loadWeights(path);
      const read = await readAll(weights, 100_000);
      expect(read.get("a")).to.deep.equal(values);
      expect(read.get("b")).to.deep.equal(Float32Array.of(1, 2));
    });
  });

  const behind = Buffer.concat([deflateRawSync(pair), Buffer.from("junk")]);
  const large = npyBytes("<f4", "(1000,)", Buffer.alloc(4000));
  const cases: readonly [title: string, members: readonly MemberParts[], text: string][] = [
    [
      "a member that is no array",
      [
        { name: "a.npy", data: pair },
        { name: "data.pkl", data: pair },
      ],
      'member "data.pkl" is no .npy file; save the arrays alone with np.savez',
    ],
    [
      "another shape than there are bytes",
      [{ name: "a.npy", data: npyBytes("<f4", "(3,)", PAIR) }],
      `member "a.npy": size is ${pair.length}; it must be ${pair.length + 4}, as shape [3] of <f4 needs${damaged}`,
    ],
    [
      "a shape past all numbers",
      [{ name: "a.npy", data: npyBytes("<f4", "(1000000000000000, 1000000000000000)", PAIR) }],
      `member "a.npy": size is ${pair.length + 32}; it must be 4e+30, as shape [1000000000000000, 1000000000000000] of <f4 needs${damaged}`,
    ],
    [
      "an array without elements",
      [{ name: "a.npy", data: npyBytes("<f4", "(0,)", Buffer.alloc(0)) }],
      `member "a.npy": size is ${pair.length - 8}; it must be that of an array with elements${damaged}`,
    ],
    [
      "an array of objects",
      [{ name: "a.npy", data: npyBytes("|O", "(2,)", PAIR) }],
      'tensor "a": dtype is "|O"; it must be one of <f4, <f8, <f2; convert it to F32',
    ],
    [
      "another packing",
      [{ ...packed("a.npy", pair), method: 12 }],
      'member "a.npy" is packed by method 12, which is neither stored nor deflated; save it with np.savez',
    ],
    [
      "a bomb by the directory",
      [packed("a.npy", pair, { size: 1 << 30 })],
      `member "a.npy" unpacks to 1073741824 bytes, more than 40 times its ${deflateRawSync(pair).length}; save it with` +
        " np.savez, which does not pack",
    ],
    [
      "bytes behind the deflated ones",
      [packed("a.npy", pair, { data: behind, packedSize: behind.length })],
      `member "a.npy": packed size is ${behind.length}; it must be ${behind.length - 4}, where its data ends${damaged}`,
    ],
    [
      "deflated bytes that end early",
      [packed("a.npy", pair, { size: pair.length + 1 })],
      `member "a.npy": unpacked size is ${pair.length}; it must be ${pair.length + 1}, as the directory says${damaged}`,
    ],
    [
      "257 arrays",
      Array.from({ length: 257 }, (_, index) => ({ name: `${index}.npy`, data: pair })),
      "the zip archive has 257 arrays, more than 256; save those of one network alone",
    ],
    [
      "bytes that are not deflated",
      [packed("a.npy", pair, { data: Buffer.alloc(deflateRawSync(pair).length, 0xff) })],
      `member "a.npy" cannot be inflated (invalid block type)${damaged}`,
    ],
  ];
  for (const [title, members, problem] of cases)
    it(`refuses ${title}`, () => refuse(zipBytes(members), `FILE: ${problem}`));

  it("refuses deflated bytes that give more than the directory says, and no more of them are unpacked", () => {
    const bomb = deflateRawSync(Buffer.concat([pair, Buffer.alloc(1 << 26)]));
    const member = { name: "a.npy", data: bomb, method: 8, size: pair.length, packedSize: bomb.length };
    return refuse(
      zipBytes([member]),
      /^FILE: member "a\.npy": unpacked size is \d{1,6}; it must be 76, as the directory says; the file is damaged/,
    );
  });

  const whileRead: readonly [title: string, member: MemberParts, text: string][] = [
    [
      "another CRC-32",
      packed("a.npy", large, { crc: 1 }),
      `CRC-32 of its bytes is 0x${crc32(large).toString(16).padStart(8, "0")}; it must be 0x00000001, as the directory says`,
    ],
  ];
  for (const [title, member, problem] of whileRead)
    it(`refuses ${title} when it is read`, () =>
      withFile(zipBytes([member]), async (path) => {
        const weights = await loadWeights(path);
        await expectError(
          readAll(weights),
          "WEIGHTS_INVALID",
          `FILE: member "a.npy": ${problem}${damaged}`,
          path,
        );
      }));

  it("refuses more elements than are unpacked or transposed, before it reads them", async () => {
    const elements = (1 << 26) + 1;
    const header = npyHeader(headerText("<f4", `(${elements},)`, "True"));
    await inFolder(async (folder) => {
      const path = join(folder, "w");
      const whole = zipBytes([
        {
          name: "a.npy",
          data: header,
          size: header.length + 4 * elements,
          packedSize: header.length + 4 * elements,
        },
      ]);
      // the data is a hole between the header and the directory
      const body = 30 + "a.npy".length + header.length;
      const end = whole.subarray(body);
      end.writeUInt32LE(body + 4 * elements, end.length - 6);
      const file = await open(path, "w");
      await file.write(whole, 0, body, 0);
      await file.write(end, 0, end.length, body + 4 * elements);
      await file.close();
      await expectError(
        loadWeights(path),
        "WEIGHTS_INVALID",
        `FILE: member "a.npy" has ${elements} elements, more than 67108864 that are unpacked or transposed;` +
          " save it with np.savez in C order",
        path,
      );
    });
  });
});
