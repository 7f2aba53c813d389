import { expect } from "chai";
import { AlexNetError } from "../../../lib/errors/base.js";
import type { Image } from "../../../lib/images/index.js";
import { evaluationBatches, trainingBatches } from "../../../lib/training/data/batches.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { orderOf } from "../../../lib/training/data/draws.js";
import { datasetFrom } from "../../../lib/training/data/from-items.js";
import { prepareTraining } from "../../../lib/training/data/prepare-training.js";
import { Random } from "../../random.js";
import { settle } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { randomDataset } from "./helpers.js";
import { asFiles, elements, input, preprocessing, take, training } from "./batch-helpers.js";

describe("images that cannot be read", () => {
  const good = randomDataset(new Random(4), 10, [3, 8, 8]);
  /** The images of `good`, but 4, 5 and 9. */
  async function holed(): Promise<Dataset> {
    const files = await asFiles(good);
    const broken = await datasetFrom([{ image: Buffer.from("no image"), label: 0 }]);
    return {
      source: "holed",
      classes: files.classes,
      size: files.size,
      label: (index) => files.label(index),
      pixels: (index, signal) =>
        ([4, 5, 9].includes(index) ? broken : files).pixels([4, 5, 9].includes(index) ? 0 : index, signal),
    };
  }

  it("end training with their name and the way to go on without them", async () => {
    const batches = trainingBatches(training(await holed()), { epoch: 0, batch: 0 });
    await expectError(
      take(batches, 3),
      "IMAGE_UNREADABLE",
      /^buffer: the image cannot be decoded .* export it again; mend or remove this image, or go on without it: onBadImage "skip"$/,
    );
  });

  /** The images of `good`, of which some fail at once or after a while. */
  const failing = (fails: (index: number) => Promise<void>): Dataset => ({
    source: "failing",
    classes: good.classes,
    size: good.size,
    label: (index) => good.label(index),
    pixels: async (index) => {
      await fails(index);
      return good.pixels(index);
    },
  });
  const unreadable = (index: number) => new AlexNetError("IMAGE_UNREADABLE", `image ${index}`);

  it("are told when their batch is asked for, and not as an unhandled rejection before", async () => {
    const [, , last] = orderOf(10, 9, 0);
    const dataset = failing((index) =>
      index === last ? Promise.reject(unreadable(index)) : Promise.resolve(),
    );
    const batches = trainingBatches(training(dataset, { batch: 2 }), { epoch: 0, batch: 0 });
    expect((await batches.next()).done).to.equal(false);
    // the second batch fails meanwhile
    await settle();
    await expectError(
      batches.next(),
      "IMAGE_UNREADABLE",
      `image ${last}; mend or remove this image, or go on without it: onBadImage "skip"`,
    );
    expect((await batches.next()).done).to.equal(true);
  });

  it("are told once where they are decoded twice at a time", async () => {
    const told: number[] = [];
    const dataset = failing(async (index) => {
      // 4 fails first, whose place 5 would take while it is in work for its own
      if (index === 5) await settle();
      if (index === 4 || index === 5) throw unreadable(index);
    });
    const options = training(dataset, {
      batch: 10,
      decodeAhead: 10,
      onBadImage: "skip",
      badImage: ({ index }) => told.push(index),
    });
    const [{ samples }] = await take(trainingBatches(options, { epoch: 0, batch: 0 }), 1);
    expect(told).to.deep.equal([4, 5]);
    expect([...samples].sort()).to.deep.equal([0, 1, 2, 3, 6, 6, 6, 7, 8, 9]);
  });

  it("have the next good ones in their place, the same ones in every run, and are told once", async () => {
    const told: number[] = [];
    const skipping = async (from: { epoch: number; batch: number }, count: number) => {
      told.length = 0;
      const options = training(await holed(), {
        onBadImage: "skip",
        badImage: ({ index, error }) => {
          expect(error.code).to.equal("IMAGE_UNREADABLE");
          told.push(index);
        },
      });
      return take(trainingBatches(options, from), count);
    };
    const all = await skipping({ epoch: 0, batch: 0 }, 9);
    expect(told.sort()).to.deep.equal([4, 5, 9]);
    const replaced = (index: number) => ({ 4: 6, 5: 6, 9: 0 })[index] ?? index;
    const order = [0, 1, 2].flatMap((epoch) => [...orderOf(10, 9, epoch)]);
    expect(all.flatMap((batch) => batch.samples)).to.deep.equal(order.map(replaced));
    expect(all.flatMap((batch) => batch.labels)).to.deep.equal(order.map((index) => replaced(index) % 3));
    // with draws of their own: no two inputs of an epoch are alike
    const inputs = all
      .slice(0, 3)
      .flatMap(({ images, samples: { length } }) =>
        Array.from({ length }, (_, at) => String(images.subarray(at * elements, (at + 1) * elements))),
      );
    expect(new Set(inputs).size).to.equal(10);
    expect(await skipping({ epoch: 1, batch: 1 }, 5)).to.deep.equal(all.slice(4));
  });

  it("are left out of an evaluation, whose other images are as they were", async () => {
    for (const [images, crops] of [
      [3, 1],
      [3, 10],
      [10, 1],
      [10, 10],
    ] as const) {
      const options = { input, batch: images * crops, preprocessing, crops, onBadImage: "skip" } as const;
      const got = await take(evaluationBatches({ ...options, dataset: await holed() }), 99);
      const all = await take(evaluationBatches({ ...options, dataset: good }), 99);
      const inputs = (batches: typeof got) =>
        batches.flatMap(({ images, labels, samples: indices }) =>
          indices.map((index, at) => [
            index,
            labels[at],
            String(images.slice(at * elements, (at + 1) * elements)),
          ]),
        );
      expect(inputs(got)).to.deep.equal(inputs(all).filter(([index]) => ![4, 5, 9].includes(Number(index))));
      expect(got.map(({ labels }) => labels.length)).to.deep.equal(
        (images === 3 ? [3, 1, 3, 0] : [7]).map((count) => count * crops),
      );
    }
  });

  it("are left out of statistics", async () => {
    const options = {
      input,
      normalisation: { mean: "colour", std: "none", scale: 1, size: 8 },
      augmentations: [],
    } as const;
    await expectError(prepareTraining(await holed(), options), "IMAGE_UNREADABLE", /onBadImage "skip"$/);
    const skipped = await prepareTraining(await holed(), { ...options, onBadImage: "skip" });
    const whole: number[] = [];
    for (const index of [0, 1, 2, 3, 6, 7, 8]) whole.push(...(good.pixels(index) as Image).data);
    const mean = whole.filter((_, at) => at % 3 === 0).reduce((sum, value) => sum + value, 0) / (7 * 64);
    expect(skipped.preprocessing.mean[0]).to.equal(mean);
  });

  it("are all there is: that is told, and not searched for ever", async () => {
    const dataset = await datasetFrom([1, 2, 3].map(() => ({ image: Buffer.from("no image"), label: 0 })));
    for (const batches of [
      trainingBatches(training(dataset, { onBadImage: "skip" }), { epoch: 0, batch: 0 }),
    ])
      await expectError(
        take(batches, 1),
        "DATA_INVALID",
        "images: none of its 3 images can be read; check that they are whole",
      );
  });
});
