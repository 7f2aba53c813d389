import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { floats, safetensorsBytes } from "./helpers/build.js";
import { expectedOf, expectError, fixture, readAll, withFile } from "./helpers/files.js";

const entry = (begin: number, end: number, shape: number[], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("safetensors files", () => {
  for (const name of ["plain-0.safetensors", "plain-1.safetensors"])
    it(`reads every kind of number in ${name}, in pieces of any size`, async () => {
      const expected = await expectedOf(name);
      const weights = await loadWeights(fixture(name));
      expect(weights.format).to.equal("safetensors");
      expect([...weights.tensors.keys()]).to.deep.equal(Object.keys(expected));
      for (const step of [1, 2, Infinity]) {
        const values = await readAll(weights, step);
        for (const [key, { shape, dtype, values: wanted }] of Object.entries(expected)) {
          expect(weights.tensors.get(key)).to.deep.equal({ name: key, shape, dtype });
          expect([...(values.get(key) ?? [])], key).to.deep.equal(wanted);
        }
      }
    });

  it("holds data at even and odd bytes in its golden files", async () => {
    const starts = await Promise.all(
      ["plain-0.safetensors", "plain-1.safetensors"].map(async (name) =>
        Number((await readFile(fixture(name))).readBigUInt64LE()),
      ),
    );
    expect(starts.map((start) => start % 2).sort()).to.deep.equal([0, 1]);
  });

  it("reads into shared memory", async () => {
    await withFile(safetensorsBytes({ a: entry(0, 8, [2]) }, floats(3, -4)), async (path) => {
      const weights = await loadWeights(path);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const out = new Float32Array(memory.buffer, 64, 2);
      await weights.stream((read) => read("a", 0, out));
      expect([...out]).to.deep.equal([3, -4]);
    });
  });

  it("converts more than it does at a time: 600000 halves in one read", async () => {
    const halves = Uint16Array.from({ length: 600_000 }, (_, index) => index % 1000);
    const header = { a: entry(0, halves.byteLength, [halves.length], "F16") };
    await withFile(safetensorsBytes(header, Buffer.from(halves.buffer)), async (path) => {
      const values = (await readAll(await loadWeights(path))).get("a");
      // bits under 1024 are subnormal: so many times 2^-24
      const wrong = values?.findIndex((value, index) => value !== (index % 1000) * 2 ** -24);
      expect(wrong).to.equal(-1);
    });
  });

  it("takes tensors whose entries stand in another order than their data, and a key __proto__", async () => {
    const header = `{"__proto__":${JSON.stringify(entry(4, 8, [1]))},"a":${JSON.stringify(entry(0, 4, []))}}`;
    await withFile(safetensorsBytes(header, floats(1, 2)), async (path) => {
      const values = await readAll(await loadWeights(path));
      expect([...values].map(([name, [value]]) => [name, value])).to.deep.equal([
        ["__proto__", 2],
        ["a", 1],
      ]);
    });
  });

  const damaged = "; the file is damaged, get it again";
  const four = floats(1);
  const refused: readonly [title: string, bytes: Buffer, text: string][] = [
    [
      "a header longer than the file",
      safetensorsBytes("{}", Buffer.alloc(0), 3n),
      `FILE: the header length (bytes 0 to 8) is 3; it must be at most 2, to fit the file and the reader's limit${damaged}`,
    ],
    [
      "a header longer than 2^53",
      safetensorsBytes("{}", Buffer.alloc(0), 2n ** 64n - 1n),
      "FILE: the header length (bytes 0 to 8) is 18446744073709551615; it must be at most 2," +
        ` to fit the file and the reader's limit${damaged}`,
    ],
    [
      "a header longer than the limit",
      safetensorsBytes("{" + " ".repeat((4 << 20) + 9) + "}", Buffer.alloc(0)),
      "FILE: the header length (bytes 0 to 8) is 4194315; it must be at most 4194304," +
        ` to fit the file and the reader's limit${damaged}`,
    ],
    [
      "bad UTF-8",
      safetensorsBytes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString("latin1"), four).fill(
        0xff,
        10,
        11,
      ),
      `FILE: the header is not JSON: The encoded data was not valid for encoding utf-8${damaged}`,
    ],
    [
      "two tensors of one name",
      safetensorsBytes('{"a":{},"a":{}}', four),
      `FILE: the header is not JSON: key "a" is there twice${damaged}`,
    ],
    [
      "an entry that lacks a field",
      safetensorsBytes({ a: { dtype: "F32", shape: [1] } }, four),
      `FILE: tensor "a": entry does not hold just dtype, shape, data_offsets${damaged}`,
    ],
    [
      "an entry with a field too many",
      safetensorsBytes({ a: { ...entry(0, 4, [1]), more: 1 } }, four),
      `FILE: tensor "a": entry does not hold just dtype, shape, data_offsets${damaged}`,
    ],
    [
      "numbers that are not read",
      safetensorsBytes({ a: entry(0, 4, [1], "I32") }, four),
      'FILE: tensor "a": dtype is "I32"; it must be one of F32, F16, BF16, F64; convert it to F32',
    ],
    [
      "a dtype that is no string",
      safetensorsBytes({ a: { ...entry(0, 4, [1]), dtype: 7 } }, four),
      `FILE: tensor "a": dtype is 7; it must be a string${damaged}`,
    ],
    [
      "a negative size",
      safetensorsBytes({ a: entry(0, 4, [-1]) }, four),
      `FILE: tensor "a": shape is [-1]; it must be up to 8 whole numbers from 0${damaged}`,
    ],
    [
      "nine axes",
      safetensorsBytes({ a: entry(0, 4, [1, 1, 1, 1, 1, 1, 1, 1, 1]) }, four),
      `FILE: tensor "a": shape is [1,1,1,1,1,1,1,1,1]; it must be up to 8 whole numbers from 0${damaged}`,
    ],
    [
      "a product past the safe integers",
      safetensorsBytes({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }, four),
      `FILE: tensor "a": shape is [1099511627776,1099511627776]; it must be of fewer than 2^53 elements${damaged}`,
    ],
    [
      "fewer bytes than the shape needs",
      safetensorsBytes({ a: entry(0, 4, [2]) }, four),
      `FILE: tensor "a": data_offsets is [0,4]; it must be 8 bytes apart, as shape [2] of F32 needs${damaged}`,
    ],
    [
      "one offset",
      safetensorsBytes({ a: { ...entry(0, 4, [1]), data_offsets: [0] } }, four),
      `FILE: tensor "a": data_offsets is [0]; it must be [begin, end), whole numbers from 0${damaged}`,
    ],
    [
      "a hole between tensors",
      safetensorsBytes({ a: entry(0, 4, [1]), b: entry(8, 12, [1]) }, floats(1, 2, 3)),
      `FILE: tensor "b": data_offsets begin is 8; it must be 4, where the tensor before it ends${damaged}`,
    ],
    [
      "tensors that overlap",
      safetensorsBytes({ a: entry(0, 8, [2]), b: entry(4, 8, [1]) }, floats(1, 2)),
      `FILE: tensor "b": data_offsets begin is 4; it must be 8, where the tensor before it ends${damaged}`,
    ],
    [
      "a file that is cut off",
      safetensorsBytes({ a: entry(0, 8, [2]) }, floats(1)),
      `FILE: the end of the last tensor (bytes) is 70; it must be the file's size, 66${damaged}`,
    ],
    [
      "junk behind the data",
      safetensorsBytes({ a: entry(0, 4, [1]) }, floats(1, 2)),
      `FILE: the end of the last tensor (bytes) is 66; it must be the file's size, 70${damaged}`,
    ],
    [
      "metadata that is no map of strings",
      safetensorsBytes({ __metadata__: { a: 1 } }, Buffer.alloc(0)),
      `FILE: __metadata__ is not a map of strings${damaged}`,
    ],
  ];
  for (const [title, bytes, text] of refused)
    it(`refuses ${title}`, () =>
      withFile(bytes, (path) => expectError(loadWeights(path), "WEIGHTS_INVALID", text, path)));

  for (const value of [NaN, -Infinity])
    for (const start of [1, 2])
      it(`refuses ${value} while streaming from element ${start}, naming the element`, () =>
        withFile(safetensorsBytes({ a: entry(0, 12, [3]) }, floats(1, 2, value)), async (path) => {
          const weights = await loadWeights(path);
          await expectError(
            weights.stream((read) => read("a", start, new Float32Array(3 - start))),
            "WEIGHTS_INVALID",
            `FILE: tensor "a": element 2 is ${value}; every value must be finite as float32;` +
              " training diverged or the file is damaged",
            path,
          );
        }));
});
