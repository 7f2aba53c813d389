/** Training: batches in, steps out, and a folder in which nothing is ever lost. */
import type { EngineOptions } from "../engine/engine.js";
import { runErrors } from "../errors/training.js";
import type { Network } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { createEngine, type ScoringEngine } from "../scoring/scoring-engine.js";
import type { Weights } from "../weights/index.js";
import type { RunPosition } from "./checkpoint/state.js";
import type { Batch } from "./data/alternate.js";
import { batchesOf, evaluationBatches, trainingBatches, type Position } from "./data/batches.js";
import type { Dataset } from "./data/dataset.js";
import type { EpochRow, Measures } from "./metrics/rows.js";
import { DEFAULT_SAVE_EVERY, type TrainerOptions } from "./options.js";
import { prepareRun, readingOf, type Run } from "./prepare-run.js";
import type { Recipe } from "./recipes/recipe.js";
import { RunLog, type Done } from "./run-log.js";
import { updatePlateau } from "./schedule.js";
import { Tally } from "./tally.js";
import { Updates } from "./updates.js";

/** What one step did. */
export interface TrainingStep extends Measures, Done {
  /** Of the epoch, from 0, and how many it has. */
  readonly batch: number;
  readonly batches: number;
  readonly images: number;
  /** Of this step, with what it waited for its batch. */
  readonly imagesPerSecond: number;
}

/**
 * Makes a trainer ready: opens the data, measures what the recipe leaves to it, takes the memory, starts the workers.
 * @throws AlexNetError OPTION_INVALID, RECIPE_INVALID, DATA_..., TRAINING_IMPOSSIBLE, MEMORY_TOO_LARGE; CHECKPOINT_... and
 * RUN_INVALID for the run's folder.
 */
export const createTrainer = (options: TrainerOptions): Promise<Trainer> => Trainer.create(options);

export class Trainer implements AsyncIterable<TrainingStep> {
  readonly #options: TrainerOptions;
  readonly #run: Run;
  readonly #updates: Updates;
  #position: RunPosition;
  #lastEpoch: EpochRow | undefined;

  private constructor(options: TrainerOptions, run: Run) {
    this.#options = options;
    this.#run = run;
    this.#updates = new Updates(run.recipe, run.runner);
    this.#position = run.position;
  }

  /** See createTrainer. */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const run = await prepareRun(options);
    try {
      return new Trainer(options, run);
    } catch (error) {
      await run.runner.close();
      throw error;
    }
  }

  get network(): Network {
    return this.#run.runner.plan.network;
  }

  get recipe(): Recipe {
    return this.#run.recipe;
  }

  /** How images become the network's input, with what was measured over the training set. */
  get preprocessing(): Preprocessing {
    return this.#run.prepared.preprocessing;
  }

  get classes(): readonly string[] {
    return this.#run.prepared.dataset.classes;
  }

  /** Steps of an epoch. */
  get batches(): number {
    return batchesOf(this.#run.prepared.dataset.size, this.recipe.batch);
  }

  /** Where training is: steps and epochs that are done, and the best epoch. */
  get position(): RunPosition {
    return this.#position;
  }

  /** The kernel set that runs. */
  get kernels() {
    return this.#run.runner.kernels;
  }

  get threads(): number {
    return this.#run.runner.plan.threads;
  }

  /** What the shared memory takes: all that a step needs, known and taken before the first. */
  get memoryBytes(): number {
    return this.#run.runner.plan.layout.bytes;
  }

  /**
   * The steps from here to the recipe's end. Who leaves the loop early may begin another one, which goes on there.
   * @throws AlexNetError TRAINING_DIVERGED for a loss that is no number, IMAGE_... for an image that cannot be read,
   * WORKER_FAILED, CHECKPOINT_UNWRITABLE, RUN_INVALID; the signal's reason when aborted.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingStep, void, undefined> {
    const { signal, saveEvery = DEFAULT_SAVE_EVERY } = this.#options;
    if (this.#position.epoch >= this.recipe.epochs) return;
    const log = await RunLog.open(this.#options, this.classes.length, this.#position);
    let saved = log.seconds;
    try {
      for await (const batch of this.#batchesFrom(this.#position)) {
        const step = await this.#step(batch, log);
        yield step;
        const isOver = batch.index + 1 === this.batches;
        if (isOver) await this.#endEpoch(step, log);
        if (isOver || signal?.aborted || log.seconds - saved > saveEvery) {
          await this.#save(log);
          saved = log.seconds;
        }
        signal?.throwIfAborted();
        if (this.#position.epoch >= this.recipe.epochs) return;
      }
    } finally {
      await log.close();
    }
  }

  /** Goes on to the recipe's end: the last epoch's row. @throws as the iteration. */
  async run(): Promise<EpochRow | undefined> {
    // steps are told by callbacks
    const steps = this[Symbol.asyncIterator]();
    while (!(await steps.next()).done);
    return this.#lastEpoch;
  }

  /** Writes a checkpoint into the run's folder, where there is one. @throws AlexNetError CHECKPOINT_UNWRITABLE */
  save(): Promise<void> {
    return this.#run.keeper.save(this.#position);
  }

  /** The weights as they are whenever they are read: for `saveWeights`, `exportOnnx`, `createEngine`. */
  weights(): Weights {
    return this.#run.keeper.weights();
  }

  /** An engine that scores with a copy of the weights. @throws AlexNetError what `createEngine` throws. */
  engine(options: Omit<EngineOptions, "weights" | "network"> = {}): Promise<ScoringEngine> {
    return createEngine({ ...options, weights: this.weights() });
  }

  /**
   * Means over data, in inference: over the validation images where left out; null without them.
   * @throws AlexNetError as `evaluationBatches`, WORKER_FAILED.
   */
  async evaluate(dataset: Dataset | undefined = this.#run.validation): Promise<Measures | null> {
    if (dataset === undefined) return null;
    const tally = new Tally();
    for await (const batch of evaluationBatches({ ...this.#batchOptions(), dataset, crops: 1 }))
      tally.add(await this.#run.runner.evaluate(this.#put(batch)));
    return tally.measures(this.classes.length);
  }

  /** Ends the workers. */
  close(): Promise<void> {
    return this.#run.runner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #batchOptions() {
    const { dataset, preprocessing } = this.#run.prepared;
    const { input } = this.network;
    return { ...readingOf(this.#options), dataset, input, preprocessing, batch: this.recipe.batch };
  }

  #batchesFrom({ epoch, batch }: Position) {
    const { seed } = this.#run.identity;
    const { augmentationAt } = this.#run;
    return trainingBatches({ ...this.#batchOptions(), seed, augmentation: augmentationAt }, { epoch, batch });
  }

  /** Writes a batch where the workers read it; its images. */
  #put({ images, labels }: Batch): number {
    this.#run.runner.images.set(images);
    this.#run.runner.labels.set(labels);
    return labels.length;
  }

  async #step(batch: Batch, log: RunLog): Promise<TrainingStep> {
    const { step, plateau } = this.#position;
    const from = performance.now();
    const images = this.#put(batch);
    const { batches } = this;
    const rate = this.#updates.set({ step, stepsPerEpoch: batches, epochs: this.recipe.epochs, plateau });
    const measures = log.add(await this.#run.runner.train(images, step));
    if (measures.loss === null || !Number.isFinite(measures.loss))
      throw runErrors.diverged(step + 1, measures.loss, rate, this.#options.out);
    const done: Done = { step: step + 1, epoch: batch.epoch, rate };
    this.#position = { ...this.#position, step: done.step, epoch: batch.epoch, batch: batch.index + 1 };
    await log.step(done);
    const imagesPerSecond = (images * 1000) / (performance.now() - from);
    return { ...done, ...measures, batch: batch.index, batches, images, imagesPerSecond };
  }

  async #endEpoch(done: Done, log: RunLog): Promise<void> {
    const validation = await this.evaluate();
    this.#lastEpoch = await log.epoch(done, validation);
    const accuracy = validation?.top1 ?? null;
    const { plateau, best } = this.#position;
    const isBest = accuracy !== null && (best === null || accuracy > best.accuracy);
    this.#position = {
      ...this.#position,
      epoch: done.epoch + 1,
      batch: 0,
      plateau: accuracy === null ? plateau : updatePlateau(this.recipe.schedule, plateau, accuracy),
      best: isBest ? { epoch: done.epoch, accuracy } : best,
    };
    // without validation images the last epoch is the best that is known
    if (isBest || validation === null) await this.#run.keeper.saveBest();
  }

  async #save(log: RunLog): Promise<void> {
    this.#position = { ...this.#position, sums: log.sums, seconds: log.seconds };
    await log.flush();
    await this.save();
    log.skipPause();
  }
}
