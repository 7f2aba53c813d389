import { join } from "node:path";
import { expect } from "chai";
import { cropsOf, prepareImage, writeCrop } from "../../../lib/images/index.js";
import type { Preprocessing } from "../../../lib/network/preprocessing.js";
import { evaluationBatches, type EvaluationBatchOptions } from "../../../lib/training/data/batches.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { datasetFrom } from "../../../lib/training/data/from-items.js";
import { openDataset } from "../../../lib/training/data/open.js";
import { prepareTraining } from "../../../lib/training/data/prepare-training.js";
import { PreparedDataset } from "../../../lib/training/data/prepared.js";
import { loadWeights } from "../../../lib/weights/load.js";
import { weightsFromTensors } from "../../../lib/weights/memory.js";
import { saveWeights } from "../../../lib/weights/safetensors-writer.js";
import { Random } from "../../random.js";
import { samples } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { inFolder, png, randomBytes, randomDataset, writeFiles } from "./helpers.js";

import { input, preprocessing, take } from "./batch-helpers.js";

describe("batches of evaluation", () => {
  const evaluation = (
    dataset: Dataset,
    changed: Partial<EvaluationBatchOptions> = {},
  ): EvaluationBatchOptions => ({
    dataset,
    input,
    batch: 4,
    preprocessing,
    crops: 1,
    ...changed,
  });

  it("hold all images once, in order, with all crops of an image in one batch", async () => {
    const dataset = randomDataset(new Random(4), 10, [3, 8, 8]);
    const one = await take(evaluationBatches(evaluation(dataset)), 99);
    expect(one.map(({ samples: indices }) => indices)).to.deep.equal([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    const ten = await take(evaluationBatches(evaluation(dataset, { crops: 10, batch: 39 })), 99);
    expect(ten.map(({ samples: { length } }) => length)).to.deep.equal([30, 30, 30, 10]);
    expect(ten.flatMap(({ samples: indices }) => indices)).to.deep.equal(
      Array.from({ length: 100 }, (_, at) => Math.floor(at / 10)),
    );
    expect(ten.flatMap(({ labels }) => labels)).to.deep.equal(
      Array.from({ length: 100 }, (_, at) => Math.floor(at / 10) % 3),
    );
    expect(ten.map(({ epoch, index }) => [epoch, index])).to.deep.equal([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
  });

  /** What scoring gives the network for the crops of a file. */
  async function scored(
    file: string | Uint8Array,
    by: Preprocessing,
    shape: readonly number[],
    crops: 1 | 10,
  ) {
    const [channels, height, width] = shape;
    const prepared = await prepareImage(file, by, shape);
    return cropsOf(prepared, crops).map((crop) => {
      const target = new Float32Array(channels * height * width);
      writeCrop(prepared, crop, by, target, { offset: 0, channel: height * width, row: width, column: 1 });
      return target;
    });
  }

  async function expectAsScored(
    dataset: Dataset,
    files: readonly (string | Uint8Array)[],
    by: Preprocessing,
    shape: readonly number[],
  ) {
    for (const crops of [1, 10] as const) {
      const options = evaluation(dataset, { input: shape, batch: 30, preprocessing: by, crops });
      const got = (await take(evaluationBatches(options), 99)).flatMap(({ images }) => [...images]);
      const wanted = (await Promise.all(files.map((file) => scored(file, by, shape, crops)))).flat();
      expect(got.length).to.equal(wanted.length * wanted[0].length);
      const values = wanted.flatMap((values) => [...values]);
      expect(
        got.findIndex((value, at) => !Object.is(value, values[at])),
        "the first that differs",
      ).to.equal(-1);
    }
  }

  it("are, to the bit, what scoring makes of photographs with the preprocessing of the weights that were saved", () =>
    inFolder(async (folder) => {
      const files = samples.slice(0, 3);
      const dataset = await datasetFrom(files.map((image, label) => ({ image, label })));
      for (const [normalisation, shape] of [
        [{ mean: "image", std: "none", scale: 1, size: 40 }, [3, 35, 33]],
        [{ mean: "colour", std: "measured", size: 41, centre: "round" }, [3, 36, 36]],
        [
          { mean: "image", std: "measured", size: 40, channels: "BGR", resize: "stretch", filter: "opencv" },
          [3, 40, 31],
        ],
        [{ mean: "colour", std: "measured", size: 40 }, [1, 35, 35]],
      ] as const) {
        const { dataset: prepared, preprocessing: measured } = await prepareTraining(dataset, {
          input: shape,
          normalisation,
          augmentations: [],
        });
        const path = join(folder, "w.safetensors");
        await saveWeights(
          path,
          weightsFromTensors({ x: { data: new Float32Array(1), shape: [1] } }, { preprocessing: measured }),
        );
        const { preprocessing: saved } = await loadWeights(path);
        expect(saved).to.deep.equal(measured);
        if (saved) await expectAsScored(prepared, files, saved, shape);
      }
    }));

  it("are, to the bit, what scoring makes of files of pixels that were in memory, digits too", async () => {
    const random = new Random(8);
    for (const [channels, size, shape] of [
      [1, 28, [1, 28, 28]],
      [3, 32, [3, 32, 32]],
      [3, 32, [3, 24, 24]],
      [1, 28, [3, 35, 35]],
      [3, 32, [1, 28, 28]],
    ] as const) {
      const images = [0, 1, 2].map(() => ({
        width: size,
        height: size,
        channels,
        data: randomBytes(random, size * size * channels),
      }));
      const files = await Promise.all(images.map(({ data }) => png(size, size, channels, data)));
      const dataset = await datasetFrom(images.map((image) => ({ image, label: 0 })));
      const { preprocessing: measured } = await prepareTraining(dataset, {
        input: shape,
        normalisation: { mean: "image", std: "measured" },
        augmentations: [],
      });
      await expectAsScored(dataset, files, measured, shape);
    }
  });

  it("of a folder of pictures too, with what was decoded kept for the next evaluation", () =>
    inFolder(async (folder) => {
      const random = new Random(8);
      const files = await Promise.all([0, 1, 2, 3].map(() => png(9, 11, 3, randomBytes(random, 297))));
      await writeFiles(folder, Object.fromEntries(files.map((file, at) => [`c${at % 2}/${at}.png`, file])));
      const inOrder = [0, 2, 1, 3].map((at) => files[at]);
      const dataset = new PreparedDataset(await openDataset(folder, "test"), preprocessing, input);
      await expectAsScored(dataset, inOrder, preprocessing, input);
      expect(dataset.kept).to.equal(4);
      await writeFiles(folder, { "c0/0.png": "gone" });
      await expectAsScored(dataset, inOrder, preprocessing, input);
    }));

  for (const [changed, text] of [
    [{ crops: 5 }, "crops: got 5; it must be 1 or 10"],
    [{ crops: 10, batch: 9 }, "batch: got 9; it must be at least 10, the crops of an image"],
  ] as const)
    it(`refuse at once ${text}`, () => {
      const dataset = randomDataset(new Random(4), 2, [3, 8, 8]);
      return expectError(
        () => evaluationBatches(evaluation(dataset, changed as Partial<EvaluationBatchOptions>)),
        "OPTION_INVALID",
        text,
      );
    });
});
