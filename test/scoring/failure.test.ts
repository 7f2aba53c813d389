import { expect } from "chai";
import { AlexNetError } from "../../lib/errors/base.js";
import type { EngineOptions, RunOptions } from "../../lib/engine/engine.js";
import type { FloatArray } from "../../lib/engine/tensors.js";
import type { Row } from "../../lib/scoring/rows.js";
import { ScoringEngine } from "../../lib/scoring/scoring-engine.js";
import { settled, WorkerWatch } from "../engine/killing.js";
import { Random, testSeed } from "../random.js";
import { samples, smallWeights } from "./small.js";

/** Calls `onBatch` when a batch's input is written and its workers are about to start. */
class WatchedEngine extends ScoringEngine {
  onBatch: () => void = () => undefined;

  static override async create(options: EngineOptions): Promise<WatchedEngine> {
    return new WatchedEngine(await this.prepare(options));
  }

  protected override runBatch<T>(
    fill: (input: FloatArray) => number,
    use: (output: FloatArray) => T,
    options?: RunOptions,
  ): Promise<T> {
    const filled = (input: FloatArray) => {
      const images = fill(input);
      this.onBatch();
      return images;
    };
    return super.runBatch(filled, use, options);
  }
}

/** A kill may come too late for a batch of a millisecond; that all of so many do is not to be expected. */
const MOST_ROUNDS = 200;
const FAILURES = 5;

describe("scoring while workers are killed", () => {
  const seed = testSeed();
  it(`ends with WORKER_FAILED or with all rows, none of them wrong, and goes on (TEST_SEED=${seed})`, async () => {
    const random = new Random(seed);
    const watch = new WorkerWatch();
    const engine = await WatchedEngine.create({
      weights: smallWeights(),
      threads: 2,
      maxBatch: 2,
      kernels: "baseline",
    });
    try {
      const right = await engine.classify(samples);
      let failures = 0;
      for (let round = 0; failures < FAILURES; round++) {
        expect(round, "rounds without a failure").to.be.below(MOST_ROUNDS);
        let batch = random.integer(1, samples.length / 2);
        engine.onBatch = () => {
          if (--batch === 0) void watch.kill(random);
        };
        const rows: Row[] = [];
        try {
          const all = (async () => {
            for await (const row of engine.score(samples)) rows.push(row);
          })();
          await settled(all, `round ${round}`);
          expect(rows).to.deep.equal(right);
        } catch (error) {
          if (!(error instanceof AlexNetError)) throw error;
          expect(error.code).to.equal("WORKER_FAILED");
          expect(rows).to.deep.equal(right.slice(0, rows.length));
          failures++;
        }
      }
      engine.onBatch = () => undefined;
      expect(await engine.classify(samples)).to.deep.equal(right);
    } finally {
      await engine.close();
      watch.stop();
    }
  });
});
