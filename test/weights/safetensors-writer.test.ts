import { mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { defineNetwork } from "../../lib/network/define.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { loadWeights } from "../../lib/weights/load.js";
import { weightsFromTensors } from "../../lib/weights/memory.js";
import { saveWeights, type SaveOptions } from "../../lib/weights/safetensors-writer.js";
import type { Weights } from "../../lib/weights/weights.js";
import { removeUnfinished } from "../../lib/weights/whole-file.js";
import { expectError, inFolder, readAll } from "./helpers/files.js";

const network = defineNetwork({
  name: "mine",
  input: [1, 2, 2],
  layers: [
    { type: "flatten", name: "flat" },
    { type: "fully-connected", name: "fc", outFeatures: 2 },
  ],
});
const tensors = {
  "fc.weight": { data: Float32Array.of(1e-45, -0, 3.4e38, 0.1, -1, 2, 3, 4), shape: [2, 4] },
  "fc.bias": { data: Float32Array.of(0.5, 1 / 3), shape: [2] },
};

/** Without the values that BF16 does not have. */
const mild = { "fc.bias": tensors["fc.bias"] };

const bitsOf = (values: Float32Array): number[] => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length),
];

describe("saveWeights", () => {
  it("writes what reads back to the same bits, with network, preprocessing and labels", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w.safetensors");
      const purpose = { network, preprocessing: PREPROCESSING.caffenet, labels: ["cat", 'dog "é"'] };
      await saveWeights(path, weightsFromTensors(tensors, purpose));
      const weights = await loadWeights(path);
      expect(weights).to.deep.include(purpose);
      const values = await readAll(weights);
      for (const [name, { data, shape }] of Object.entries(tensors)) {
        expect(weights.tensors.get(name)).to.deep.equal({ name, shape, dtype: "F32" });
        expect(bitsOf(values.get(name) ?? new Float32Array())).to.deep.equal(bitsOf(data));
      }
      expect(await readdir(folder), "nothing else stays").to.deep.equal(["w.safetensors"]);
    }));

  it("keeps a mean image to the bit, whatever the tensors are written as", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w.safetensors");
      const meanImage = Float32Array.from({ length: 3 * 256 * 256 }, (_, at) => 255 / (at + 1));
      const preprocessing = { ...PREPROCESSING.caffenet, meanImage };
      const weights = weightsFromTensors(mild, { preprocessing });
      for (const dtype of ["F32", "BF16"] as const) {
        await saveWeights(path, weights, { dtype });
        expect((await loadWeights(path)).preprocessing).to.deep.equal(preprocessing);
      }
    }));

  it("refuses a mean image that makes the header too large for readers, and writes nothing", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      const size = 1200;
      const meanImage = new Float32Array(3 * size * size);
      const preprocessing = { ...PREPROCESSING.caffenet, size, meanImage };
      await expectError(
        saveWeights(path, weightsFromTensors(tensors, { network, preprocessing })),
        "WEIGHTS_UNWRITABLE",
        // base64 has 4 characters for 3 bytes: 3 x 1200 x 1200 floats are 23,040,000 of them
        /^FILE: the header would have 2304\d{4} bytes; readers take at most 4194304;/,
        path,
      );
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("takes away what a process that was killed left, and nothing else", () =>
    inFolder(async (folder) => {
      const others = [
        "w.safetensors",
        "w.safetensors.tmp",
        "w.safetensors.12.tmp",
        "w.safetensors.12-0123abcd.tmp.old",
        "w.safetensors.12-0123ABCD.tmp",
        "other.safetensors.12-0123abcd.tmp",
      ];
      const left = ["w.safetensors.12-0123abcd.tmp", "w.safetensors.1-00000000.tmp"];
      for (const name of [...others, ...left]) await writeFile(join(folder, name), "");
      await removeUnfinished(join(folder, "w.safetensors"));
      expect(await readdir(folder)).to.have.members(others);
    }));

  it("starts the data at a multiple of 64 bytes, for names of every length to 70", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      for (let length = 1; length <= 70; length++) {
        await saveWeights(path, weightsFromTensors({ ["x".repeat(length)]: tensors["fc.bias"] }));
        const bytes = await readFile(path);
        const start = 8 + Number(bytes.readBigUInt64LE());
        expect(start % 64).to.equal(0);
        const padding = /} *$/.exec(bytes.toString("utf8", 8, start))?.[0].length ?? Infinity;
        expect(padding - 1).to.be.below(64);
        expect(bytes.readFloatLE(start)).to.equal(0.5);
        expect(bytes.length).to.equal(start + 8);
      }
    }));

  it("writes BF16 rounded to nearest", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      const data = Float32Array.of(1 / 3, 1.00390625, 1.01171875, -2.5);
      await saveWeights(path, weightsFromTensors({ w: { data, shape: [4] } }), { dtype: "BF16" });
      const weights = await loadWeights(path);
      expect(weights.tensors.get("w")?.dtype).to.equal("BF16");
      // the two in the middle are ties: between 1 and 1.0078125, and between 1.0078125 and 1.015625
      expect([...((await readAll(weights)).get("w") ?? [])]).to.deep.equal([0.333984375, 1, 1.015625, -2.5]);
    }));

  it("keeps every bit of random tensors longer than what it writes at a time", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      const words = fc.sample(fc.uint32Array({ minLength: 1000, maxLength: 1000 }), {
        numRuns: 1,
        seed: 5,
      })[0];
      // exponent bits cut to stay finite
      const bits = Uint32Array.from(
        { length: (1 << 18) + 333 },
        (_, i) => (words[i % 1000] + i) & 0xbfffffff,
      );
      const data = new Float32Array(bits.buffer);
      await saveWeights(path, weightsFromTensors({ w: { data, shape: [data.length] } }));
      const read = (await readAll(await loadWeights(path))).get("w");
      expect(
        Buffer.compare(Buffer.from(read?.buffer ?? new ArrayBuffer(0)), Buffer.from(bits.buffer)),
      ).to.equal(0);
    }));

  it("keeps a tensor named __proto__ and refuses one named __metadata__", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      const tensor = tensors["fc.bias"];
      await saveWeights(path, weightsFromTensors(Object.fromEntries([["__proto__", tensor]])));
      expect([...(await loadWeights(path)).tensors.keys()]).to.deep.equal(["__proto__"]);
      await expectError(
        saveWeights(path, weightsFromTensors({ __metadata__: tensor })),
        "INPUT_INVALID",
        'tensor "__metadata__": name is "__metadata__"; it must be another, since safetensors keeps this one for itself',
      );
    }));

  it("leaves an older file and no other where writing fails", () =>
    inFolder(async (folder) => {
      const path = join(folder, "w");
      await saveWeights(path, weightsFromTensors(tensors));
      const before = await readFile(path);
      const broken = weightsFromTensors({ w: { data: Float32Array.of(1, NaN), shape: [2] } });
      await expectError(
        saveWeights(path, broken),
        "WEIGHTS_INVALID",
        /^memory: tensor "w": element 1 is NaN/,
      );
      const data = new Float32Array((1 << 18) + 2); // the last is in the second piece
      data[data.length - 1] = 3.4e38;
      const large = weightsFromTensors({ w: { data, shape: [data.length] } });
      await expectError(
        saveWeights(path, large, { dtype: "BF16" }),
        "WEIGHTS_UNWRITABLE",
        `FILE: tensor "w": element ${data.length - 1} is ${Math.fround(3.4e38)}, past the largest BF16; write it as F32`,
        path,
      );
      expect(await readdir(folder)).to.deep.equal(["w"]);
      expect((await readFile(path)).equals(before)).to.be.true;
    }));

  it("refuses a type that it does not write, before it writes anything", () =>
    inFolder(async (folder) => {
      for (const [dtype, shown] of [
        ["F16", '"F16"'],
        ["bf16", '"bf16"'],
        [null, "null"],
      ])
        await expectError(
          saveWeights(join(folder, "w"), weightsFromTensors(tensors), { dtype } as SaveOptions),
          "OPTION_INVALID",
          `dtype: got ${shown}; it must be one of F32, BF16`,
        );
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("tells what went wrong also where the unfinished file is gone", () =>
    inFolder(async (folder) => {
      const weights: Weights = {
        ...weightsFromTensors(tensors),
        stream: async () => {
          for (const name of await readdir(folder)) await unlink(join(folder, name));
          throw new Error("the disk is gone");
        },
      };
      await expectError(
        saveWeights(join(folder, "w"), weights),
        "WEIGHTS_UNWRITABLE",
        /cannot be written \(the disk is gone\); check/,
      );
    }));

  it("names a path that cannot be written, and one that is a folder", () =>
    inFolder(async (folder) => {
      const path = join(folder, "none", "w");
      await expectError(
        saveWeights(path, weightsFromTensors(tensors)),
        "WEIGHTS_UNWRITABLE",
        /^FILE: cannot be written \(ENOENT: .*\); check the folder, its permissions and its free space$/,
        path,
      );
      await mkdir(join(folder, "taken"));
      await expectError(
        saveWeights(join(folder, "taken"), weightsFromTensors(tensors)),
        "WEIGHTS_UNWRITABLE",
        /cannot be written \(E/,
      );
      expect(await readdir(folder)).to.deep.equal(["taken"]);
    }));
});
