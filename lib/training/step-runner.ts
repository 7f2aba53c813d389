/** One network in one shared memory, and the workers that take its steps of training. */
import { availableParallelism } from "node:os";
import { chooseKernels, type KernelChoice, type KernelsOption } from "../engine/choose-kernels.js";
import { compileGradients } from "../engine/kernel-sets.js";
import { WorkerPool } from "../engine/pool.js";
import { takeMemory } from "../engine/take-memory.js";
import { timesOf, type Times } from "../engine/times.js";
import { engineErrors } from "../errors/engine.js";
import type { Network } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { encode } from "../plan/encode.js";
import type { Parameter } from "../plan/training/memory.js";
import { makeTrainingPlan, trainingProgramsOf, type TrainingPlan } from "../plan/training/training-plan.js";
import { defaultThreads } from "../plan/plan.js";
import { tune, type ConvolutionsOption } from "../tuning/tuning.js";
import { keyOfSeed } from "../weights/philox.js";
import type { Weights } from "../weights/weights.js";
import { arenaTensors, packArena, type ArenaKind, type ArenaTensor } from "./arena.js";

export interface StepRunnerOptions {
  readonly network: Network;
  /** What training starts from. */
  readonly weights: Weights;
  /** Images of the largest batch. */
  readonly batch: number;
  /** Of dropout's draws. */
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly kernels?: KernelsOption | undefined;
  readonly convolutions?: ConvolutionsOption | undefined;
  readonly tuningFile?: string | false | undefined;
}

/** What a parameter's update goes by: v = momentum v - decay rate w - rate g. */
export interface UpdateRule {
  /** The parameter's own learning rate. */
  readonly rate: number;
  readonly decay: number;
  readonly momentum: number;
}

export interface StepResult {
  /** Cross-entropy of each image, in nats. */
  readonly losses: Float32Array;
  /** Of each image, how many classes have a greater value than its own; 0 is right. */
  readonly ranks: Int32Array;
  /** By worker, where the step was timed. */
  readonly times: Times;
}

type ProgramKind = "training" | "evaluation";

export class StepRunner {
  readonly plan: TrainingPlan;
  readonly kernels: KernelChoice;
  /** Where a batch is written before a step: [batch, C, H, W] in one piece, and its labels. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly #memory: SharedArrayBuffer;
  readonly #pool: WorkerPool;
  readonly #generator: Int32Array;
  #encoded:
    { readonly kind: ProgramKind; readonly images: number; readonly programs: Int32Array[] } | undefined;

  private constructor(
    plan: TrainingPlan,
    kernels: KernelChoice,
    memory: SharedArrayBuffer,
    pool: WorkerPool,
    seed: number,
  ) {
    this.plan = plan;
    this.kernels = kernels;
    this.#memory = memory;
    this.#pool = pool;
    const { layout, maxBatch, network } = plan;
    const { offset } = layout.forward.placements[0];
    this.images = new Float32Array(memory, offset, maxBatch * elementsOf(network.input));
    this.labels = new Int32Array(memory, layout.labels, maxBatch);
    this.#generator = new Int32Array(memory, layout.generator, 3);
    this.#generator.set(keyOfSeed(seed));
    for (const { address, values } of layout.filters.tables) new Int32Array(memory).set(values, address / 4);
  }

  /**
   * @throws AlexNetError OPTION_INVALID, TRAINING_IMPOSSIBLE, KERNELS_UNAVAILABLE, MEMORY_TOO_LARGE before anything is
   * taken, and what reading the weights throws.
   */
  static async create(options: StepRunnerOptions): Promise<StepRunner> {
    const { network, weights, batch, seed, threads = defaultThreads() } = options;
    const { kernels = "auto", convolutions = "auto", tuningFile } = options;
    const { choice, set, module } = await chooseKernels(kernels);
    const gradients = set.set === "reference" ? "reference" : await compileGradients(set.set);
    if (gradients === undefined)
      throw engineErrors.kernelsUnavailable(set.set, "its kernels of training do not compile", set.needs);
    const tuning = await tune(network, { set, module }, { convolutions, tuningFile });
    const planned = { network, tile: set, threads, maxBatch: batch };
    const plan = makeTrainingPlan({ ...planned, convolutions: tuning.convolutions });
    const memory = takeMemory(network, plan.layout.bytes);
    const spin = threads <= availableParallelism();
    const control = { barrier: plan.layout.forward.barrier, threads, spin };
    const pool = new WorkerPool({ kernels: module, gradients, memory, control });
    try {
      await packArena(plan, "weights", weights, memory.buffer);
      return new StepRunner(plan, choice, memory.buffer, pool, seed);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Sets how a layer's weights or biases are updated from the next step on. */
  setRule({ weightsRule, biasRule }: Parameter, kind: "weight" | "bias", rule: UpdateRule): void {
    const address = kind === "weight" ? weightsRule : biasRule;
    new Float32Array(this.#memory, address, 3).set([rule.rate, rule.decay, rule.momentum]);
  }

  /**
   * A step of training on the first `images` images that were written, the `step`-th from 0 on, which dropout draws by.
   * The results are of the weights before the update, and stay until the next call.
   * @throws AlexNetError WORKER_FAILED; the weights may then be half updated.
   */
  train(images: number, step: number, timed = false): Promise<StepResult> {
    this.#generator[2] = step;
    return this.#run("training", images, timed);
  }

  /** The same of inference: no weights change. */
  evaluate(images: number): Promise<StepResult> {
    return this.#run("evaluation", images, false);
  }

  /** In the order of the network's parameters, as they are when they are read. */
  tensors(kind: ArenaKind): ArenaTensor[] {
    return arenaTensors(this.plan, kind, this.#memory);
  }

  /** Takes over weights or velocities of the network's parameters. */
  load(kind: ArenaKind, weights: Weights): Promise<void> {
    return packArena(this.plan, kind, weights, this.#memory);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #run(kind: ProgramKind, images: number, timed: boolean): Promise<StepResult> {
    const { layout } = this.plan;
    if (this.#encoded?.kind !== kind || this.#encoded.images !== images) {
      const programs = trainingProgramsOf(this.plan, kind, images);
      const words = encode({ memory: layout.forward }, programs, this.#memory);
      this.#encoded = { kind, images, programs: words };
    }
    const spans = await this.#pool.run(this.#encoded.programs, timed);
    return {
      losses: new Float32Array(this.#memory, layout.losses, images),
      ranks: new Int32Array(this.#memory, layout.ranks, images),
      times: spans.flatMap((words) => (words === undefined ? [] : [timesOf(words)])),
    };
  }
}
