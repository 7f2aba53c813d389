import { expect } from "chai";
import type { Batch } from "../../../lib/training/data/alternate.js";
import type { Augmentation } from "../../../lib/training/data/augmentation.js";
import { trainingBatches, type TrainingBatchOptions } from "../../../lib/training/data/batches.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { orderOf } from "../../../lib/training/data/draws.js";
import { PreparedDataset } from "../../../lib/training/data/prepared.js";
import { ImageWriter } from "../../../lib/training/data/write-image.js";
import { Random } from "../../random.js";
import { errorOf, gate, settle } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { randomDataset } from "./helpers.js";

import {
  asFiles,
  augmentation,
  copyOf,
  elements,
  input,
  preprocessing,
  take,
  training,
} from "./batch-helpers.js";

describe("batches of training", () => {
  const dataset = randomDataset(new Random(4), 10, [3, 8, 8]);

  it("go over all images once an epoch, each in its order, written as augmentation says", async () => {
    const batches = await take(trainingBatches(training(dataset), { epoch: 0, batch: 0 }), 9);
    expect(batches.map(({ epoch, index, labels }) => [epoch, index, labels.length])).to.deep.equal([
      [0, 0, 4],
      [0, 1, 4],
      [0, 2, 2],
      [1, 0, 4],
      [1, 1, 4],
      [1, 2, 2],
      [2, 0, 4],
      [2, 1, 4],
      [2, 2, 2],
    ]);
    const writer = new ImageWriter(preprocessing, input, 9);
    const prepared = new PreparedDataset(dataset, preprocessing, input);
    for (const epoch of [0, 1, 2]) {
      const own = batches.filter((batch) => batch.epoch === epoch);
      const order = [...orderOf(10, 9, epoch)];
      expect(own.flatMap((batch) => batch.samples)).to.deep.equal(order);
      expect(own.flatMap((batch) => batch.labels)).to.deep.equal(order.map((index) => index % 3));
      const wanted = order.map((index) => {
        const image = prepared.ready(index);
        if (!image) throw new Error("in memory");
        const target = new Float32Array(elements);
        writer.write(image, augmentation, epoch, index, target, 0);
        return [...target];
      });
      expect(own.flatMap((batch) => [...batch.images])).to.deep.equal(wanted.flat());
    }
  });

  for (const [title, make] of [
    ["in memory", () => Promise.resolve(dataset)],
    ["decoded, none kept", () => asFiles(dataset)],
    [
      "decoded and kept as far as four of them",
      async () => new PreparedDataset(await asFiles(dataset), preprocessing, input, 900),
    ],
  ] as const)
    it(`are the same whoever goes on wherever: ${title}`, async () => {
      const all = await take(trainingBatches(training(dataset), { epoch: 0, batch: 0 }), 12);
      const other = await make();
      for (const at of [0, 1, 2, 3, 5, 7]) {
        const from = { epoch: Math.floor(at / 3), batch: at % 3 };
        const got = await take(
          trainingBatches(training(other, { cacheBytes: 0, decodeAhead: 3 }), from),
          12 - at,
        );
        expect(got, `from ${at}`).to.deep.equal(all.slice(at));
      }
      // a batch behind the last of its epoch is the first of the next
      const next = await take(trainingBatches(training(other), { epoch: 0, batch: 3 }), 1);
      expect(next).to.deep.equal(all.slice(3, 4));
      const another = await take(trainingBatches(training(other, { seed: 10 }), { epoch: 0, batch: 0 }), 1);
      expect(another).not.to.deep.equal(all.slice(0, 1));
    });

  it("may vary images in another way from an epoch on", async () => {
    const plain: Augmentation = { crop: "centre", mirror: false };
    const byEpoch = (epoch: number) => (epoch < 1 ? augmentation : plain);
    const got = await take(
      trainingBatches(training(dataset, { augmentation: byEpoch }), { epoch: 0, batch: 0 }),
      6,
    );
    const first = await take(trainingBatches(training(dataset), { epoch: 0, batch: 0 }), 3);
    const second = await take(
      trainingBatches(training(dataset, { augmentation: plain }), { epoch: 1, batch: 0 }),
      3,
    );
    expect(got).to.deep.equal([...first, ...second]);
  });

  it("come in two buffers in turn: a batch stays until the next one is asked for", async () => {
    const batches = trainingBatches(training(dataset), { epoch: 0, batch: 0 });
    const seen: Batch[] = [];
    for (let at = 0; at < 6; at++) {
      const { value } = (await batches.next()) as { value: Batch };
      const before = copyOf(value);
      await settle();
      expect(copyOf(value), "while the next one is made").to.deep.equal(before);
      seen.push(value);
    }
    await batches.return();
    expect(seen[0].images.buffer).not.to.equal(seen[1].images.buffer);
    for (let at = 2; at < 6; at++) expect(seen[at].images.buffer).to.equal(seen[at - 2].images.buffer);
  });

  /** A data set whose images wait for a gate from number `from` on. */
  function waiting(opened: Promise<void>, wanted: number[]): Dataset {
    return {
      source: "slow",
      classes: ["a"],
      size: 12,
      label: () => 0,
      pixels: async (index, signal) => {
        wanted.push(index);
        if (wanted.length > 4) await opened;
        signal?.throwIfAborted();
        return { width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(index) };
      },
    };
  }

  it("are made while the consumer has the one before, and no further ahead", async () => {
    const { opened, open } = gate();
    const wanted: number[] = [];
    const batches = trainingBatches(training(waiting(opened, wanted), { cacheBytes: 0, decodeAhead: 3 }), {
      epoch: 0,
      batch: 0,
    });
    await batches.next();
    // whatever a consumer does before it waits for its workers
    for (let task = 0; task < 100; task++) await Promise.resolve();
    expect(wanted.length, "the second batch is not begun before the consumer had the event loop").to.equal(4);
    await settle();
    expect(wanted.length, "three are decoded ahead").to.equal(7);
    open();
    await settle();
    expect(wanted.length, "the second batch is whole, the third not begun").to.equal(8);
    await batches.next();
    await settle();
    expect(wanted.length).to.equal(12);
    await batches.return();
  });

  it("stop what was begun when the consumer leaves, and when the signal is aborted", async () => {
    for (const way of ["leaves", "aborts"] as const) {
      const { opened, open } = gate();
      const stop = new AbortController();
      const wanted: number[] = [];
      const options = training(waiting(opened, wanted), {
        cacheBytes: 0,
        decodeAhead: 3,
        signal: stop.signal,
      });
      const batches = trainingBatches(options, { epoch: 0, batch: 0 });
      await batches.next();
      await settle();
      let ended = false;
      const reason = new Error("enough");
      const ending = way === "leaves" ? batches.return() : (stop.abort(reason), errorOf(batches.next()));
      void ending.then(() => (ended = true));
      await settle();
      expect(ended, "waits for what decodes").to.equal(false);
      open();
      expect(await ending).to.deep.equal(way === "leaves" ? { done: true, value: undefined } : reason);
      await settle();
      expect(wanted.length).to.equal(7);
      expect((await batches.next()).done).to.equal(true);
    }
  });

  it("throw the signal's reason where it is aborted before", async () => {
    const reason = new Error("enough");
    const batches = trainingBatches(training(dataset, { signal: AbortSignal.abort(reason) }), {
      epoch: 0,
      batch: 0,
    });
    expect(await errorOf(batches.next())).to.equal(reason);
  });

  it("refuse at once a data set that is prepared in another way", () => {
    const other = new PreparedDataset(dataset, { ...preprocessing, size: 7 }, input);
    return expectError(
      () => trainingBatches(training(other), { epoch: 0, batch: 0 }),
      "OPTION_INVALID",
      /^dataset: random images is prepared as \{"channels":"RGB",.*"size":7,.* for an input \[3, 6, 7\]; it must be/,
    );
  });

  for (const [changed, from, text] of [
    [{ batch: 0 }, {}, "batch: got 0; it must be a whole number from 1"],
    [{ seed: -1 }, {}, "seed: got -1; it must be a whole number from 0 to 2^53 - 1"],
    [{ seed: 2 ** 53 }, {}, "seed: got 9007199254740992; it must be a whole number from 0 to 2^53 - 1"],
    [{}, { epoch: -1 }, "from.epoch: got -1; it must be a whole number from 0 to 2^32 - 1"],
    [{}, { epoch: 0.5 }, "from.epoch: got 0.5; it must be a whole number from 0 to 2^32 - 1"],
    [{}, { batch: 4 }, "from.batch: got 4; it must be a whole number from 0 to 3, the batches of an epoch"],
    [{ decodeAhead: 0 }, {}, "decodeAhead: got 0; it must be a whole number from 1"],
    [{ cacheBytes: -1 }, {}, "cacheBytes: got -1; it must be a number of bytes from 0"],
    [{ onBadImage: "retry" }, {}, 'onBadImage: got "retry"; it must be "stop" or "skip"'],
    [{ signal: 1 }, {}, "signal: got 1; it must be an AbortSignal"],
    [{ augmentation: { crop: "random" } }, {}, "augmentation.mirror: got nothing; it must be true or false"],
    [
      { augmentation: { crop: "random", mirror: true, pad: 6 } },
      {},
      "augmentation.pad: got 6; it must be at most 5 with zeros and the crops of 6 x 7",
    ],
    [
      { augmentation: { crop: "random", mirror: true, colour: { sigma: 1, components: "measured" } } },
      {},
      'augmentation.colour.components: got "measured"; it must be their numbers, which prepareTraining measures',
    ],
  ] as const)
    it(`refuse at once ${text}`, () =>
      expectError(
        () =>
          trainingBatches(training(dataset, changed as Partial<TrainingBatchOptions>), {
            epoch: 0,
            batch: 0,
            ...from,
          }),
        "OPTION_INVALID",
        text,
      ));
});
