import { expect } from "chai";
import ndarray from "ndarray";
import { softmax } from "../../lib/engine/softmax.js";
import { cropsOf, prepareImage, writeCrop } from "../../lib/images/index.js";
import { takeInHand } from "../../lib/scoring/image-in-hand.js";
import { settingsOf, type ScoreOptions } from "../../lib/scoring/options.js";
import { isFailed, type ImageSource, type Row } from "../../lib/scoring/rows.js";
import { scoreBatches, type RunBatch } from "../../lib/scoring/score-batches.js";
import {
  CLASSES,
  collect,
  errorOf,
  gate,
  samples,
  settle,
  SMALL_PREPROCESSING,
  smallNetwork,
} from "./small.js";

const INPUT = [3, 35, 35];
const INPUT_SIZE = 3 * 35 * 35;

const settingsFor = (options: ScoreOptions) =>
  settingsOf(options, {
    network: smallNetwork(),
    maxBatch: 16,
    preprocessing: SMALL_PREPROCESSING,
    labels: undefined,
  });

/** Stands in for the network: CLASSES numbers that depend on every part of the input. */
function outputOf(input: Float32Array): Float32Array {
  const sums = new Float64Array(CLASSES);
  input.forEach((value, index) => {
    sums[index % CLASSES] += value * ((index % 89) - 44);
  });
  return Float32Array.from(sums, (sum) => sum / 1000);
}

/** An engine without workers, whose input has gaps between its rows and images, and the sizes of its batches. */
function fakeEngine(before: () => Promise<void> = () => Promise.resolve()) {
  const sizes: number[] = [];
  const run: RunBatch = async (fill, use, { signal }) => {
    signal?.throwIfAborted();
    const [perImage, perRow] = [36 * 3 * 40, 3 * 40];
    const input = ndarray(new Float32Array(17 * perImage), [16, ...INPUT], [perImage, 1, perRow, 3], 5);
    const images = fill(input);
    await before();
    sizes.push(images);
    const output = new Float32Array(images * CLASSES);
    for (let n = 0; n < images; n++) {
      const values = new Float32Array(INPUT_SIZE);
      let at = 0;
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < 35; y++) for (let x = 0; x < 35; x++) values[at++] = input.get(n, c, y, x);
      output.set(outputOf(values), n * CLASSES);
    }
    use(ndarray(output, [images, CLASSES]));
  };
  return { run, sizes };
}

/** What the row of an image must be, from the parts of scoring, one crop after the other. */
async function expectedRow(path: string, crops: 1 | 10, topK: number): Promise<Row> {
  const prepared = await prepareImage(path, SMALL_PREPROCESSING, INPUT);
  const layout = { offset: 0, channel: 35 * 35, row: 35, column: 1 };
  const sums = new Float64Array(CLASSES);
  for (const crop of cropsOf(prepared, crops)) {
    const input = new Float32Array(INPUT_SIZE);
    writeCrop(prepared, crop, SMALL_PREPROCESSING, input, layout);
    softmax(outputOf(input)).forEach((probability, index) => (sums[index] += probability));
  }
  const means = sums.map((sum) => sum / crops);
  const best = [...means.keys()].sort((a, b) => means[b] - means[a]).slice(0, topK);
  return { path, top: best.map((index) => ({ index, label: null, probability: means[index] })) };
}

const rowsOf = async (source: Iterable<ImageSource>, options: ScoreOptions, run: RunBatch): Promise<Row[]> =>
  (await collect(scoreBatches(source, settingsFor(options), INPUT, run))).flat();

describe("scoreBatches", () => {
  for (const [crops, batch, sizes] of [
    [1, 1, [1, 1, 1, 1, 1, 1, 1, 1]],
    [1, 3, [3, 3, 2]],
    [1, 16, [8]],
    [10, 16, [16, 16, 16, 16, 16]],
    [10, 7, [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3]],
  ] as const)
    it(`${crops} crops in batches of ${batch}: full batches, and the rows of an image alone`, async () => {
      const engine = fakeEngine();
      const rows = await rowsOf(samples, { crops, batch, topK: 3 }, engine.run);
      const expected = await Promise.all(samples.map((path) => expectedRow(path, crops, 3)));
      expect(rows).to.deep.equal(expected);
      expect(engine.sizes).to.deep.equal(sizes);
    });

  it("a broken image has its row in its place, and makes no input", async () => {
    const engine = fakeEngine();
    const broken = [
      "missing-1.jpg",
      samples[0],
      "missing-2.jpg",
      "missing-3.jpg",
      samples[1],
      "missing-4.jpg",
    ];
    const rows = await rowsOf(broken, { batch: 2 }, engine.run);
    expect(rows.map(({ path }) => path)).to.deep.equal(broken);
    expect(rows.map((row) => (isFailed(row) ? row.error.code : "scored"))).to.deep.equal([
      "IMAGE_MISSING",
      "scored",
      "IMAGE_MISSING",
      "IMAGE_MISSING",
      "scored",
      "IMAGE_MISSING",
    ]);
    // two images a batch, whether they are broken or not
    expect(engine.sizes).to.deep.equal([1, 1]);
  });

  it("a network that overflows gives an error instead of NaN", async () => {
    const run: RunBatch = (fill, use) => {
      fill(ndarray(new Float32Array(16 * INPUT_SIZE), [16, ...INPUT]));
      use(ndarray(Float32Array.of(1, 2, NaN, 4, 5, Infinity, 7), [1, CLASSES]));
      return Promise.resolve();
    };
    expect(await rowsOf([samples[0]], {}, run)).to.deep.equal([
      {
        path: samples[0],
        error: {
          code: "WEIGHTS_INVALID",
          message:
            `${samples[0]}: the network's output 2 is NaN; every output must be finite; the weights overflow` +
            " float32 with this preprocessing: check that they belong together",
        },
      },
    ]);
  });

  for (const [crops, batch] of [
    [1, 1],
    [1, 4],
    [10, 4],
    [10, 16],
  ] as const)
    it(`${crops} crops in batches of ${batch}: the images of one batch ahead are taken, and no more`, async () => {
      const ahead = Math.ceil(batch / crops);
      let taken = 0;
      let given = 0;
      let mostHeld = 0;
      function* source() {
        while (taken < 40) yield samples[taken++ % samples.length];
      }
      // in the middle of each batch everything that may be taken has been taken
      const engine = fakeEngine(async () => {
        await settle();
        mostHeld = Math.max(mostHeld, taken - given);
      });
      for await (const rows of scoreBatches(source(), settingsFor({ crops, batch }), INPUT, engine.run)) {
        await settle();
        mostHeld = Math.max(mostHeld, taken - given);
        given += rows.length;
      }
      expect(given).to.equal(40);
      // an image whose crops span two batches belongs to the one in hand
      const inHand = crops === 1 ? batch : ahead + 1;
      expect(mostHeld).to.be.at.most(inHand + ahead);
      expect(mostHeld).to.be.at.least(2 * ahead);
    });

  it("while a batch runs the images of the next one decode", async () => {
    const { opened, open } = gate();
    let taken = 0;
    function* source() {
      for (const path of samples) {
        taken++;
        yield path;
      }
    }
    const results = scoreBatches(source(), settingsFor({ batch: 2 }), INPUT, fakeEngine(() => opened).run);
    const first = results.next();
    while (taken < 4) await settle();
    await settle();
    expect(taken).to.equal(4);
    open();
    expect(((await first).value as Row[]).map(({ path }) => path)).to.deep.equal(samples.slice(0, 2));
    await results.return();
  });

  it("gives the rows before it, then throws what the source threw", async () => {
    const failure = new Error("list");
    function* source() {
      yield* samples.slice(0, 3);
      throw failure;
    }
    const rows: Row[] = [];
    const results = scoreBatches(source(), settingsFor({ batch: 2 }), INPUT, fakeEngine().run);
    const error = await errorOf(async () => {
      for await (const batch of results) rows.push(...batch);
    });
    expect(error).to.equal(failure);
    expect(rows.map(({ path }) => path)).to.deep.equal(samples.slice(0, 3));
  });

  it("throws what the engine throws, and closes the source", async () => {
    const failure = new Error("a worker failed");
    let closed = 0;
    let batches = 0;
    function* source() {
      try {
        for (;;) yield* samples;
      } finally {
        closed++;
      }
    }
    const engine = fakeEngine(() => (++batches === 2 ? Promise.reject(failure) : Promise.resolve()));
    const results = scoreBatches(source(), settingsFor({ batch: 2 }), INPUT, engine.run);
    expect(((await results.next()).value as Row[]).length).to.equal(2);
    expect(await errorOf(results.next())).to.equal(failure);
    expect(closed).to.equal(1);
    expect(await results.next()).to.deep.equal({ done: true, value: undefined });
  });

  it("the signal: the rows of the batch in hand, then its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const engine = fakeEngine(() => {
      controller.abort(reason);
      return Promise.resolve();
    });
    const settings = settingsFor({ batch: 3, signal: controller.signal });
    const results = scoreBatches(samples, settings, INPUT, engine.run);
    expect(((await results.next()).value as Row[]).length).to.equal(3);
    expect(await errorOf(results.next())).to.equal(reason);
    expect(engine.sizes).to.deep.equal([3]);
  });

  it("the signal reaches the decoder", async () => {
    const reason = new Error("enough");
    const taken = takeInHand(samples[0], settingsFor({}), INPUT, AbortSignal.abort(reason));
    expect(await errorOf(taken)).to.equal(reason);
  });

  it("a signal in the middle of decoding is no broken image", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const engine = fakeEngine();
    const settings = settingsFor({ batch: 8, signal: controller.signal });
    const first = errorOf(scoreBatches(samples, settings, INPUT, engine.run).next());
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    expect(await first).to.equal(reason);
    expect(engine.sizes).to.deep.equal([]);
  });
});
