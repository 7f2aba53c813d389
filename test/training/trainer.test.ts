/** Whole runs: the same bits whatever the threads, nothing lost whenever a process ends, and what goes wrong told. */
import { fork } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ndarray from "ndarray";
import { AlexNetError } from "../../lib/errors/base.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { createTrainer, type Trainer } from "../../lib/training/trainer.js";
import type { TrainerOptions } from "../../lib/training/options.js";
import { loadWeights, type Weights } from "../../lib/weights/index.js";
import { Random, testSeed } from "../random.js";
import { images, network, recipe, smallRun } from "./small-run.js";

const seed = testSeed();
const CHILD = fileURLToPath(new URL("training-child.js", import.meta.url));

async function bytesOf(weights: Weights): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  await weights.stream(async (read) => {
    for (const { name, shape } of weights.tensors.values()) {
      const values = new Float32Array(elementsOf(shape));
      await read(name, 0, values);
      result[name] = Buffer.from(values.buffer).toString("hex");
    }
  });
  return result;
}

async function withTrainer<T>(
  options: Partial<TrainerOptions>,
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  const trainer = await createTrainer({ ...(await smallRun()), ...options });
  try {
    return await use(trainer);
  } finally {
    await trainer.close();
  }
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "alexnet-training-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rows without what tells of time. */
const rowsOf = async (folder: string): Promise<unknown[]> =>
  (await readFile(join(folder, "metrics.ndjson"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => {
      const row = JSON.parse(line) as Record<string, unknown>;
      delete row.imagesPerSecond;
      delete row.seconds;
      return row;
    });

async function rejection(promise: Promise<unknown>): Promise<AlexNetError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AlexNetError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a trainer", () => {
  for (const convolutions of ["direct", "winograd"] as const)
    it(`gives the same losses and weights to the bit with 1, 2 and 3 threads, over 24 steps, ${convolutions}`, async () => {
      const run = (threads: number) =>
        withTrainer({ threads, convolutions }, async (trainer) => {
          const losses: (number | null)[] = [];
          for await (const { loss } of trainer) losses.push(loss);
          return { losses, weights: await bytesOf(trainer.weights()) };
        });
      const one = await run(1);
      expect(one.losses).to.have.lengthOf(24);
      for (const threads of [2, 3]) {
        const other = await run(threads);
        expect(other.losses, `${threads} threads`).to.deep.equal(one.losses);
        expect(other.weights, `${threads} threads`).to.deep.equal(one.weights);
      }
    });

  it("draws otherwise with another seed", async () => {
    const first = (own: number) =>
      withTrainer({ seed: own }, async (trainer) => {
        for await (const { loss } of trainer) return loss;
        return undefined;
      });
    expect(await first(7)).to.equal(await first(7));
    expect(await first(8)).to.not.equal(await first(7));
  });

  it("learns what is there to learn, and scores with it", async () => {
    await withTrainer({ epochs: 12 }, async (trainer) => {
      const last = await trainer.run();
      expect(last?.validation?.top1).to.equal(1);
      const engine = await trainer.engine({ tuningFile: false });
      try {
        const shape = [1, ...network.input];
        const output = await engine.forward(ndarray(new Float32Array(elementsOf(shape)), shape));
        expect(output.shape).to.deep.equal([1, 3]);
      } finally {
        await engine.close();
      }
    });
  });

  it("goes on where its loop was left", async () => {
    const whole = await withTrainer({}, async (trainer) => {
      await trainer.run();
      return bytesOf(trainer.weights());
    });
    const parts = await withTrainer({}, async (trainer) => {
      for await (const { step } of trainer) if (step === 9) break;
      expect(trainer.position).to.include({ step: 9, epoch: 1, batch: 3 });
      await trainer.run();
      return bytesOf(trainer.weights());
    });
    expect(parts).to.deep.equal(whole);
  });

  it("stops behind the step in hand when it is aborted, with a checkpoint that another run goes on from", () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const whole = join(folder, "whole");
      await withTrainer({ out: whole }, (trainer) => trainer.run());
      const controller = new AbortController();
      const reason = new Error("enough");
      await withTrainer({ out, signal: controller.signal }, async (trainer) => {
        let stopped: unknown;
        try {
          for await (const { step } of trainer) if (step === 8) controller.abort(reason);
        } catch (error) {
          stopped = error;
        }
        expect(stopped).to.equal(reason);
        expect(trainer.position.step).to.equal(8);
      });
      await withTrainer({ out, resume: true }, async (trainer) => {
        expect(trainer.position.step).to.equal(8);
        await trainer.run();
      });
      for (const file of ["best.safetensors", "metrics.ndjson"]) {
        if (file.endsWith("ndjson")) expect(await rowsOf(out)).to.deep.equal(await rowsOf(whole));
        else
          expect(await bytesOf(await loadWeights(join(out, file)))).to.deep.equal(
            await bytesOf(await loadWeights(join(whole, file))),
          );
      }
    }));

  it(`killed at any moment and resumed, ends with the bits of a run that was not (TEST_SEED=${seed})`, () =>
    inFolder(async (folder) => {
      const random = new Random(seed);
      const whole = join(folder, "whole");
      await withTrainer({ out: whole, threads: 2 }, (trainer) => trainer.run());
      const out = join(folder, "killed");
      let killed = 0;
      for (let resume = false, ended = false; !ended; resume = true) {
        const child = fork(CHILD, [out, resume ? "resume" : "new"], {
          stdio: ["ignore", "ignore", "pipe", "ipc"],
        });
        let errors = "";
        child.stderr?.on("data", (text: Buffer) => (errors += text.toString()));
        const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
        await new Promise((resolve) => {
          child.once("message", resolve);
          child.once("exit", resolve);
        });
        if (killed < 8) {
          await wait(random.integer(0, 250));
          if (child.kill("SIGKILL")) killed++;
        }
        ended = (await exit) === 0;
        expect(errors, `seed ${seed}`).to.equal("");
      }
      expect(killed).to.be.above(0);
      expect(await rowsOf(out), `seed ${seed}`).to.deep.equal(await rowsOf(whole));
      for (const file of ["checkpoint.safetensors", "best.safetensors"])
        expect(await bytesOf(await loadWeights(join(out, file))), `${file}, seed ${seed}`).to.deep.equal(
          await bytesOf(await loadWeights(join(whole, file))),
        );
    }));

  it("ends with a clear error where the loss is no number, and keeps the last checkpoint", () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const wild = {
        ...recipe,
        rate: 1e30,
        schedule: { kind: "step" as const, at: { epochs: [99] }, factor: 0.1, warmUp: { steps: 7 } },
      };
      const error = await rejection(withTrainer({ out, recipe: wild }, (trainer) => trainer.run()));
      expect(error.code).to.equal("TRAINING_DIVERGED");
      expect(error.message).to.match(
        /^step \d+: the loss is .+; it must be finite; training with a learning rate of \S+ went astray; take a smaller one; the last checkpoint in .+ is from before$/,
      );
    }));

  it("refuses data whose parts have other classes", async () => {
    const training = await images(12, 1);
    const validation = { ...(await images(6, 1)), classes: ["a", "b", "c"], size: 6 };
    const error = await rejection(createTrainer({ ...(await smallRun()), data: { training, validation } }));
    expect(error.message).to.equal(
      'images: its classes are ["a","b","c"]; they must be those of images, ["0","1","2"], in the same order; rename or' +
        " remove what differs",
    );
  });
});
