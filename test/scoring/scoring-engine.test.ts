import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Writable } from "node:stream";
import { expect } from "chai";
import ndarray from "ndarray";
import { softmax } from "../../lib/engine/softmax.js";
import { cropsOf, prepareImage, writeCrop } from "../../lib/images/index.js";
import {
  createEngine,
  isFailed,
  loadWeights,
  networks,
  saveWeights,
  weightsFromTensors,
} from "../../lib/index.js";
import type { EngineOptions, Engine, ImageSource, Row } from "../../lib/index.js";
import {
  CLASSES,
  collect,
  errorOf,
  LABELS,
  refusalOf,
  samples,
  settle,
  SMALL_PREPROCESSING,
  smallNetwork,
  smallWeights,
  withFolder,
} from "./small.js";

async function withScoring<T>(
  options: Partial<EngineOptions>,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await createEngine({
    weights: { ...smallWeights(), labels: LABELS },
    threads: 2,
    maxBatch: 4,
    kernels: "baseline",
    ...options,
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** The logits of an image by way of `forward`, for 1 or 10 crops. */
async function logitsOf(engine: Engine, path: string, crops: 1 | 10): Promise<Float32Array[]> {
  const prepared = await prepareImage(path, SMALL_PREPROCESSING, [3, 35, 35]);
  const layout = { offset: 0, channel: 35 * 35, row: 35, column: 1 };
  const results: Float32Array[] = [];
  for (const crop of cropsOf(prepared, crops)) {
    const input = new Float32Array(3 * 35 * 35);
    writeCrop(prepared, crop, SMALL_PREPROCESSING, input, layout);
    results.push((await engine.forward(ndarray(input, [1, 3, 35, 35]))).data);
  }
  return results;
}

describe("ScoringEngine", () => {
  for (const [crops, batch] of [
    [1, 1],
    [1, 4],
    [10, 3],
  ] as const)
    it(`${crops} crops, batch ${batch}: the softmax of what forward gives, averaged in float64`, () =>
      withScoring({}, async (engine) => {
        const rows = await collect(engine.score(samples, { crops, batch, topK: 2 }));
        expect(rows.length).to.equal(samples.length);
        for (const [n, path] of samples.entries()) {
          const probabilities = (await logitsOf(engine, path, crops)).map((logits) => softmax(logits));
          const mean = Float64Array.from(
            { length: CLASSES },
            (_, index) => probabilities.reduce((sum, values) => sum + values[index], 0) / crops,
          );
          const [first, second] = [...mean.keys()].sort((a, b) => mean[b] - mean[a]);
          const top = [first, second].map((index) => ({
            index,
            label: LABELS[index],
            probability: mean[index],
          }));
          expect(rows[n]).to.deep.equal({ path, top });
        }
        // the images differ, or the comparison would say little
        expect(new Set(rows.map((row) => JSON.stringify("top" in row ? row.top : row))).size).to.equal(
          samples.length,
        );
      }));

  it("gives the values before softmax where asked for", () =>
    withScoring({}, async (engine) => {
      const [row] = await engine.classify([samples[0]], { logits: true, topK: 1 });
      const [logits] = await logitsOf(engine, samples[0], 1);
      expect("logits" in row && row.logits).to.deep.equal(Array.from(logits));
    }));

  it("takes paths, bytes and named bytes, and answers each with its path, null or its name", () =>
    withScoring({}, async (engine) => {
      const data = await readFile(samples[0]);
      const images: ImageSource[] = [samples[0], data, { name: "zip:cat", data }];
      const rows = await engine.classify(images);
      expect(rows.map(({ path }) => path)).to.deep.equal([samples[0], null, "zip:cat"]);
      const tops = rows.map((row) => (isFailed(row) ? row.error : row.top));
      expect(tops[1]).to.deep.equal(tops[0]);
      expect(tops[2]).to.deep.equal(tops[0]);
    }));

  it("answers what is no image with an error row", () =>
    withScoring({}, async (engine) => {
      const data = Buffer.from("no image");
      const images = [
        data,
        { name: "n", data },
        5,
        null,
        undefined,
        { name: 7, data: "text" },
      ] as ImageSource[];
      const rows = await engine.classify([...images, samples[0]]);
      expect(rows.map((row) => (isFailed(row) ? [row.path, row.error.code] : row.path))).to.deep.equal([
        [null, "IMAGE_UNREADABLE"],
        ["n", "IMAGE_UNREADABLE"],
        [null, "INPUT_INVALID"],
        [null, "INPUT_INVALID"],
        [null, "INPUT_INVALID"],
        [null, "INPUT_INVALID"],
        samples[0],
      ]);
    }));

  it("gives an empty list for none, and labels of the options before its own", () =>
    withScoring({}, async (engine) => {
      expect(await engine.classify([])).to.deep.equal([]);
      const labels = LABELS.map((label) => label.toUpperCase());
      const [row] = await engine.classify([samples[0]], { labels, topK: CLASSES });
      expect("top" in row && row.top.map(({ index, label }) => labels[index] === label)).to.deep.equal(
        labels.map(() => true),
      );
    }));

  it("two iterations and a forward at once: each as if alone", () =>
    withScoring({}, async (engine) => {
      const alone = await engine.classify(samples);
      const reversed = [...samples].reverse();
      const [first, second] = await Promise.all([
        collect(engine.score(samples, { batch: 1 })),
        collect(engine.score(reversed, { batch: 3 })),
        logitsOf(engine, samples[0], 10),
      ]);
      expect(first).to.deep.equal(alone);
      expect([...second].reverse()).to.deep.equal(alone);
    }));

  it("refuses options at once, and what is no list of images", () =>
    withScoring({}, async (engine) => {
      const text =
        "it must be an iterable or async iterable of paths and bytes; put a single image into a list";
      const notLists: readonly (readonly [unknown, string])[] = [
        ["cat.jpg", '"cat.jpg"'],
        [{}, "{}"],
        [null, "null"],
        [undefined, "nothing"],
        [new Uint8Array(2), "a Uint8Array of 2 bytes"],
      ];
      for (const [images, shown] of notLists)
        expect(await refusalOf(() => engine.score(images as ImageSource[]))).to.deep.equal([
          "INPUT_INVALID",
          `images: got ${shown}; ${text}`,
        ]);
      expect((await refusalOf(() => engine.score([], { topK: 0 })))[0]).to.equal("OPTION_INVALID");
      expect((await refusalOf(engine.classify([], { topK: 0 })))[0]).to.equal("OPTION_INVALID");
      expect((await refusalOf(() => engine.scoreStream({ topK: 0 })))[0]).to.equal("OPTION_INVALID");
    }));

  it("an engine that is closed in the middle ends the iteration with ENGINE_CLOSED", () =>
    withScoring({}, async (engine) => {
      const rows = engine.score(samples, { batch: 1 });
      await rows.next();
      await engine.close();
      expect((await refusalOf(rows.next()))[0]).to.equal("ENGINE_CLOSED");
      expect(await rows.next()).to.deep.equal({ done: true, value: undefined });
    }));

  it("an aborted signal ends score and classify with its reason, and the engine goes on", () =>
    withScoring({}, async (engine) => {
      const controller = new AbortController();
      const rows = engine.score(samples, { batch: 2, signal: controller.signal });
      expect((await rows.next()).value).to.have.property("path", samples[0]);
      controller.abort("enough");
      // the other row of the batch in hand still comes
      expect((await rows.next()).value).to.have.property("path", samples[1]);
      expect(await errorOf(rows.next())).to.equal("enough");
      expect(await errorOf(engine.classify(samples, { signal: controller.signal }))).to.equal("enough");
      expect((await engine.classify(samples)).length).to.equal(samples.length);
    }));

  it("an aborted signal destroys the stream with its reason", () =>
    withScoring({}, async (engine) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const stream = engine.scoreStream({ signal: controller.signal });
      const failure = errorOf(collect(stream));
      // one image, and then none for ever
      stream.write(samples[0]);
      await settle();
      controller.abort(reason);
      expect(await failure).to.equal(reason);
      expect(stream.destroyed).to.equal(true);
    }));

  it("a network of one class is certain of it", async () => {
    const weights = smallWeights(smallNetwork(1));
    await withScoring({ weights }, async (engine) => {
      const [row] = await engine.classify([samples[0]]);
      expect(row).to.deep.equal({ path: samples[0], top: [{ index: 0, label: null, probability: 1 }] });
    });
  });

  it("does what the README's example does", () =>
    withFolder(async (folder) => {
      const path = `${folder}/w.safetensors`;
      await saveWeights(path, { ...smallWeights(), labels: LABELS });
      const engine = await createEngine({ weights: await loadWeights(path), threads: 2, maxBatch: 4 });
      const input = ndarray(new Float32Array(2 * 3 * 35 * 35), [2, 3, 35, 35]);
      const logits = await engine.forward(input);
      expect(logits.shape).to.deep.equal([2, CLASSES]);
      const { fc2, conv1 } = await engine.activations(input, ["fc2", "conv1"]);
      expect([fc2.shape, conv1.shape]).to.deep.equal([
        [2, CLASSES],
        [2, 8, 11, 11],
      ]);
      const buffer = await readFile(samples[1]);
      const rows = await engine.classify([samples[0], buffer], { topK: 5, crops: 10 });
      expect(rows.map((row) => ("top" in row ? row.top.length : row.error))).to.deep.equal([5, 5]);
      const streamed: Row[] = [];
      for await (const row of engine.score(samples, { batch: 4 })) streamed.push(row);
      const written: Row[] = [];
      const writer = new Writable({
        objectMode: true,
        write(row: Row, _encoding, callback) {
          written.push(row);
          callback();
        },
      });
      await pipeline(samples, engine.scoreStream(), writer);
      expect(written).to.deep.equal(streamed);
      expect(written.length).to.equal(samples.length);
      await engine.close();
    }));

  it("knows the published networks by the names that users write, and a file's path as weights", async () => {
    expect(Object.keys(networks)).to.deep.equal([
      "alexnet2012",
      "caffenet",
      "bvlcAlexnet",
      "singleTower",
      "torchvision",
    ]);
    await withFolder(async (folder) => {
      const path = `${folder}/w.safetensors`;
      await saveWeights(path, smallWeights());
      const used = await withScoring({ weights: path }, ({ preprocessing }) =>
        Promise.resolve(preprocessing),
      );
      expect(used).to.deep.equal(SMALL_PREPROCESSING);
    });
    const weights = weightsFromTensors({ "fc.weight": { data: new Float32Array(1), shape: [1, 1] } });
    expect((await refusalOf(withScoring({ weights }, () => Promise.resolve())))[0]).to.equal(
      "WEIGHTS_MISMATCH",
    );
  });
});
