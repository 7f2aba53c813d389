/** Workers that are really killed, at random moments: nothing hangs, and no later result is wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Engine, EngineOptions } from "../../lib/engine/engine.js";
import { chooseKernels } from "../../lib/engine/choose-kernels.js";
import { AlexNetError } from "../../lib/errors/base.js";
import { bitsOf, createEngine, imagesFor } from "../engines.js";
import { readGolden } from "../golden.js";
import { Random, testSeed } from "../random.js";
import { settled, WorkerWatch } from "./killing.js";

const seed = testSeed();
/** Hundreds of threads are started; what hangs is found by `settled` long before. */
const LONG = 600_000;
const IMAGES = 8;
const { network, weights } = readGolden("twins/caffenet");
const options = (threads: number): EngineOptions => ({
  network,
  weights,
  threads,
  maxBatch: IMAGES,
  kernels: "baseline",
});

/** Whether a batch came out right; false where a worker failed; anything else is an error of the engine. */
async function isServed(engine: Engine, expected: Buffer, what: string): Promise<boolean> {
  try {
    const output = await settled(engine.forward(imagesFor(engine, IMAGES)), what);
    const bits = Buffer.concat(Array.from({ length: IMAGES }, (_, image) => bitsOf(output, image)));
    if (!bits.equals(expected)) throw new Error(`${what}: the result is wrong`);
    return true;
  } catch (error) {
    if (error instanceof AlexNetError && error.code === "WORKER_FAILED") return false;
    throw error;
  }
}

async function expectedBits(): Promise<Buffer> {
  const engine = await createEngine(options(1));
  const output = await engine.forward(imagesFor(engine, IMAGES));
  await engine.close();
  return Buffer.concat(Array.from({ length: IMAGES }, (_, image) => bitsOf(output, image)));
}

describe(`workers that are killed (TEST_SEED=${seed})`, () => {
  let expected: Buffer;
  let watch: WorkerWatch;

  before(async () => {
    // the threads that measure the kernels are not to be killed
    await chooseKernels("baseline");
    expected = await expectedBits();
  });
  beforeEach(() => {
    watch = new WorkerWatch();
  });
  afterEach(async () => {
    watch.stop();
    await watch.allEnded();
  });

  for (const [threads, kills] of [
    [1, 60],
    [2, 60],
    [3, 40],
    [4, 30],
  ])
    it(`${threads} threads, ${kills} kills during and between batches`, async () => {
      const random = new Random(seed + threads);
      const engine = await createEngine(options(threads));
      await isServed(engine, expected, "first batch");
      const from = performance.now();
      await isServed(engine, expected, "second batch");
      const batch = performance.now() - from;
      let lost = 0;
      for (let kill = 0; kill < kills; kill++) {
        const what = `kill ${kill} of seed ${seed} on ${threads} threads`;
        const between = random.chance(0.25);
        // also around the end of the batch, where the kill may be noticed in the next one only
        const moment = random.next() * 1.2 * batch;
        const waits = random.chance(0.5);
        const serving = between ? undefined : isServed(engine, expected, what);
        if (serving !== undefined) await sleep(moment);
        const killed = watch.kill(random);
        if (waits) await killed;
        // one kill costs at most one batch: the one in hand, or the next where it came too late for that
        const results = serving === undefined ? [] : [await serving];
        results.push(await isServed(engine, expected, `next batch after ${what}`));
        results.push(await isServed(engine, expected, `second batch after ${what}`));
        expect(results.filter((served) => !served).length, what).to.be.at.most(1);
        expect(results[results.length - 1], what).to.equal(true);
        if (between && waits) expect(results, what).to.deep.equal([true, true]);
        lost += results.filter((served) => !served).length;
        await killed;
      }
      expect(lost).to.be.above(5);
      await settled(engine.close(), "closing");
    }).timeout(LONG);

  it("while the engine closes: the call is right or fails, and close ends", async () => {
    const random = new Random(seed);
    for (let round = 0; round < 12; round++) {
      const what = `round ${round} of seed ${seed}`;
      const engine = await createEngine(options(random.integer(1, 4)));
      if (random.chance(0.5)) expect(await isServed(engine, expected, what)).to.equal(true);
      const serving = isServed(engine, expected, what);
      const closing = engine.close();
      await sleep(random.next() * 60);
      const killed = watch.kill(random);
      await serving;
      await settled(closing, `closing, ${what}`);
      await killed;
      await watch.allEnded();
    }
  });

  it("while the pool starts, by another thread, on their own or by an error of theirs", async () => {
    const random = new Random(seed);
    const fixture = (name: string) => new URL(`./fixtures/${name}.js`, import.meta.url).href;
    for (let round = 0; round < 18; round++) {
      const threads = random.integer(1, 4);
      const way = ["terminate", "exits", "throws"][round % 3];
      const what = `${way}, round ${round} of seed ${seed} on ${threads} threads`;
      const victim = watch.started + random.integer(1, threads);
      watch.onStart = (worker) => {
        if (watch.started !== victim) return;
        if (way === "terminate") void worker.terminate();
        // Piscina's own first message has a worker load its task; a second one has it load this
        else worker.postMessage({ filename: fixture(way), name: "default", niceIncrement: 0 });
      };
      const engine = await createEngine(options(threads));
      const results: boolean[] = [];
      for (let batch = 0; batch < 3; batch++) results.push(await isServed(engine, expected, what));
      expect(results.filter((served) => !served).length, what).to.be.at.most(1);
      expect(results[2], what).to.equal(true);
      watch.onStart = undefined;
      await settled(engine.close(), `closing, ${what}`);
      await watch.allEnded();
    }
  });

  it("and whose replacements die too: the batch fails, and the first one that has workers is right", async () => {
    const random = new Random(seed);
    const engine = await createEngine(options(3));
    for (let round = 0; round < 8; round++) {
      const what = `round ${round} of seed ${seed}`;
      expect(await isServed(engine, expected, what)).to.equal(true);
      watch.onStart = (worker) => void worker.terminate();
      await watch.kill(random);
      expect(await isServed(engine, expected, what), what).to.equal(false);
      watch.onStart = undefined;
    }
    expect(await isServed(engine, expected, "last batch")).to.equal(true);
    await settled(engine.close(), "closing");
  });

  it("all of them, again and again: every batch fails or is right, and the last is right", async () => {
    const random = new Random(seed);
    const engine = await createEngine(options(3));
    let lost = 0;
    for (let round = 0; round < 12; round++) {
      const what = `round ${round} of seed ${seed}`;
      const batches = [0, 1, 2].map(() => isServed(engine, expected, what));
      await sleep(random.next() * 30);
      await Promise.all([...watch.alive].map((worker) => worker.terminate()));
      const results = await Promise.all(batches);
      lost += results.filter((served) => !served).length;
    }
    expect(lost).to.be.above(0);
    expect(await isServed(engine, expected, "last batch")).to.equal(true);
    await settled(engine.close(), "closing");
  });
});
