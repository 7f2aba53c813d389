import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { inferShapes } from "../../lib/network/shapes.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";
import { exportOnnx, loadWeights, saveWeights, weightsFromTensors } from "../../lib/weights/index.js";
import type { Weights } from "../../lib/weights/weights.js";
import { readGolden } from "../golden.js";
import { seededWeights } from "../seeded-weights.js";
import { expectError, inFolder, readAll } from "./helpers/files.js";
import { UNWRITTEN_GOLDENS, WRITTEN_GOLDENS } from "./helpers/onnx.js";

/** Seeded weights that only claim a network, for graphs whose numbers do not matter. */
const small = (layers: readonly object[], input = [2, 7, 7]): Weights =>
  seededWeights(defineNetwork({ name: "mine", input, layers }));

const zeros = (network: Network): Weights => ({
  ...seededWeights(network),
  stream: (consume) =>
    consume((_, __, out) => {
      out.fill(0);
      return Promise.resolve();
    }),
});

/** A model of this package without its metadata: the graph alone must tell the network. */
async function withoutMetadata(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf(Buffer.concat([Buffer.from([0x0a, 6]), Buffer.from("format")]));
  // the entry's tag and length stand before its key
  await writeFile(path, bytes.subarray(0, at - 2));
}

const bits = (values: Float32Array | undefined): Buffer =>
  Buffer.from(Uint8Array.from(new Uint8Array((values ?? new Float32Array()).buffer)).buffer);

describe("exportOnnx", () => {
  for (const name of WRITTEN_GOLDENS)
    it(`${name} reads back as the same network and the same bits`, () =>
      inFolder(async (folder) => {
        const path = join(folder, "m.onnx");
        const { weights, network } = readGolden(name);
        const labels = Array.from(
          { length: inferShapes(network).slice(-1)[0].output[0] },
          (_, i) => `class ${i} é`,
        );
        const flat = inferShapes(network).slice(-1)[0].output.length === 1;
        const meanImage = Float32Array.from({ length: 3 * 8 * 8 }, (_, at) => 255 / (at + 1));
        const purpose = {
          preprocessing: { ...PREPROCESSING.alexnet2012, size: 8, meanImage },
          ...(flat && { labels }),
        };
        await exportOnnx(path, { ...weights, ...purpose });
        const back = await loadWeights(path);
        expect(back).to.deep.include({ format: "onnx", network, ...purpose });
        const [was, is] = [await readAll(weights), await readAll(back)];
        expect([...is.keys()]).to.have.members([...was.keys()]);
        for (const [key, values] of was) expect(bits(is.get(key)).equals(bits(values)), key).to.be.true;
        expect(await readdir(folder)).to.deep.equal(["m.onnx"]);
      }));

  for (const name of MODEL_NAMES)
    it(`${name} is known by its graph alone, with its preprocessing`, function () {
      this.timeout(60000);
      return inFolder(async (folder) => {
        const path = join(folder, "m.onnx");
        const network = networkByName(name);
        await exportOnnx(path, zeros(network));
        await withoutMetadata(path);
        const back = await loadWeights(path);
        expect(back.network).to.deep.equal(network);
        expect(back.preprocessing).to.deep.equal(PREPROCESSING[name]);
      });
    });

  it("keeps the rates of dropout, to safetensors and back", () =>
    inFolder(async (folder) => {
      const [first, middle, last] = ["a.onnx", "b.safetensors", "c.onnx"].map((name) => join(folder, name));
      const dropout = (name: string, rate: number) => ({ type: "dropout", name, rate });
      const fc = { type: "fully-connected", name: "fc", outFeatures: 3 };
      const layers = [dropout("a", 0.3), { type: "flatten", name: "flat" }, fc, dropout("b", 0)];
      await exportOnnx(first, small(layers));
      await withoutMetadata(first);
      await saveWeights(middle, await loadWeights(first));
      await exportOnnx(last, await loadWeights(middle));
      await withoutMetadata(last);
      const { network } = await loadWeights(last);
      expect(network?.layers).to.deep.equal(defineNetwork({ name: "n", input: [2, 7, 7], layers }).layers);
    }));

  it("keeps the rates of dropout of a published form", function () {
    this.timeout(60000);
    return inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      const published = networkByName("torchvision");
      const rates = [0.3, 0.7];
      const network = defineNetwork({
        ...published,
        layers: published.layers.map((layer) =>
          layer.type === "dropout" ? { ...layer, rate: rates.shift() } : layer,
        ),
      });
      expect(rates).to.deep.equal([]);
      await exportOnnx(path, zeros(network));
      await withoutMetadata(path);
      expect((await loadWeights(path)).network).to.deep.equal(network);
    });
  });

  it("says what ONNX has no operator for by others", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      await exportOnnx(
        path,
        small([
          { type: "convolution", name: "input", outChannels: 4, kernel: 3, stride: 3, rounding: "ceil" },
          {
            type: "local-response-normalisation",
            name: "norm",
            size: 3,
            alpha: 0.2,
            beta: 0.75,
            k: 2,
            alphaDividedBySize: false,
            scope: "tower",
          },
          { type: "convolution", name: "c", outChannels: 2, kernel: 1, groups: 2 },
          { type: "max-pooling", name: "pool", kernel: 1, stride: 2, padding: 0, rounding: "ceil" },
          { type: "fully-connected", name: "fc", outFeatures: 3, bias: false },
          { type: "dropout", name: "drop", rate: 0.3, scaling: "test" },
        ]),
      );
      await withoutMetadata(path);
      const { network } = await loadWeights(path);
      expect(network?.layers).to.deep.equal(
        defineNetwork({
          name: "mine",
          input: [2, 7, 7],
          layers: [
            {
              type: "convolution",
              name: "input",
              outChannels: 4,
              kernel: 3,
              stride: 3,
              padding: [0, 0, 2, 2],
            },
            {
              type: "local-response-normalisation",
              name: "norm_normalised",
              size: 3,
              alpha: 0.6,
              beta: 0.75,
              k: 2,
              scope: "tower",
            },
            { type: "convolution", name: "c", outChannels: 2, kernel: 1, groups: 2 },
            { type: "max-pooling", name: "pool", kernel: 1, stride: 2, rounding: "ceil" },
            { type: "flatten", name: "fc_flat" },
            { type: "fully-connected", name: "fc", outFeatures: 3, bias: false },
            { type: "dropout", name: "drop", rate: 0.3, scaling: "test" },
          ],
        }).layers,
      );
    }));

  for (const name of UNWRITTEN_GOLDENS)
    it(`refuses ${name}`, () =>
      inFolder(async (folder) => {
        const path = join(folder, "m.onnx");
        await expectError(
          exportOnnx(path, readGolden(name).weights),
          "WEIGHTS_UNWRITABLE",
          /^FILE: layer "pool1?": ONNX does not say what a window that overhangs counted padding is divided by; /,
          path,
        );
      }));

  it("refuses weights without a network, and a pooling that readers divide differently", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      const { network, ...nameless } = seededWeights(networkByName("caffenet"));
      expect(network?.name).to.equal("caffenet");
      await expectError(
        exportOnnx(path, nameless),
        "WEIGHTS_AMBIGUOUS",
        /its tensors fit alexnet2012, caffenet, bvlc-alexnet alike, and their results differ; say which with --model/,
      );
      const overhanging = {
        type: "average-pooling",
        name: "p",
        kernel: 3,
        stride: 2,
        padding: 1,
        rounding: "ceil",
      };
      await expectError(
        exportOnnx(path, small([{ ...overhanging, countPadding: true }], [2, 6, 6])),
        "WEIGHTS_UNWRITABLE",
        'FILE: layer "p": ONNX does not say what a window that overhangs counted padding is divided by; use rounding' +
          ' "floor" or countPadding false',
        path,
      );
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("refuses what no reader of protobuf takes, before it writes anything", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      const huge = small(
        [{ type: "fully-connected", name: "fc", outFeatures: 1 << 20, bias: false }],
        [600, 1, 1],
      );
      await expectError(
        exportOnnx(path, huge),
        "WEIGHTS_UNWRITABLE",
        /^FILE: needs 2516582\d\d\d bytes; an ONNX file must have at most 2147483647; write it as safetensors$/,
        path,
      );
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("refuses a mean image that would not be read back, and writes nothing", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      const weights = small([{ type: "relu", name: "r" }], [3, 2, 2]);
      const withMeanOf = (size: number): Weights => ({
        ...weights,
        preprocessing: { ...PREPROCESSING.caffenet, size, meanImage: new Float32Array(3 * size * size) },
      });
      // base64 has 4 characters for 3 bytes: 16 a pixel, of 2^24 bytes that are read
      await exportOnnx(path, withMeanOf(1023));
      expect((await loadWeights(path)).preprocessing?.size).to.equal(1023);
      await rm(path);
      await expectError(
        exportOnnx(path, withMeanOf(1024)),
        "WEIGHTS_UNWRITABLE",
        /^FILE: metadata_props would have 16777\d{3} bytes; readers take at most 16777216; take the mean image /,
        path,
      );
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("leaves an older file where reading fails", () =>
    inFolder(async (folder) => {
      const path = join(folder, "m.onnx");
      const network = defineNetwork({
        name: "mine",
        input: [2, 1, 1],
        layers: [{ type: "fully-connected", name: "fc", outFeatures: 1, bias: false }],
      });
      await saveWeights(path, small([{ type: "relu", name: "r" }]));
      const before = await readFile(path);
      const broken = weightsFromTensors(
        { "fc.weight": { data: Float32Array.of(1, NaN), shape: [1, 2] } },
        { network },
      );
      await expectError(
        exportOnnx(path, broken),
        "WEIGHTS_INVALID",
        /^memory: tensor "fc.weight": element 1 is NaN/,
      );
      expect(await readdir(folder)).to.deep.equal(["m.onnx"]);
      expect((await readFile(path)).equals(before)).to.be.true;
    }));
});
