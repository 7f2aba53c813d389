/** One network with its weights in one shared memory, and the workers that run it. */
import { availableParallelism } from "node:os";
import ndarray, { type NdArray } from "ndarray";
import { engineErrors } from "../errors/engine.js";
import type { Network, Shape } from "../network/layers.js";
import { elementsOf, inferShapes } from "../network/shapes.js";
import type { Preprocessing } from "../network/preprocessing.js";
import type { ModelName } from "../network/variants.js";
import { encode } from "../plan/encode.js";
import { defaultThreads, makePlan, programsOf, type Plan } from "../plan/plan.js";
import type { WeightsType } from "../plan/weights-type.js";
import { tune, type ConvolutionsOption, type Tuning } from "../tuning/tuning.js";
import { loadWeights, resolveNetwork, type Weights } from "../weights/index.js";
import type { SharedMemory } from "../../workers/protocol.js";
import { checkOptions } from "./check-options.js";
import { chooseKernels, type KernelChoice, type KernelsOption } from "./choose-kernels.js";
import { packWeights } from "./packing/pack.js";
import { takeMemory } from "./take-memory.js";
import { WorkerPool } from "./pool.js";
import { probabilities } from "./softmax.js";
import {
  checkedInput,
  checkFinite,
  copyIn,
  copyOut,
  inputFlag,
  inputView,
  type FloatArray,
} from "./tensors.js";
import { timesOf, type Times } from "./times.js";
import { spansOfWorkers, traced, type Trace } from "./trace.js";

export interface EngineOptions {
  /** Left out where the weights tell it; a name or a network, from `networks` or `defineNetwork`. */
  readonly network?: Network | ModelName;
  /** Loaded weights, or a file's path. */
  readonly weights: Weights | string;
  /** Workers, 1 to 64; as many as the process may use cores, at most 64, where left out. */
  readonly threads?: number;
  /** Images of the largest batch; memory is taken for it. 16 where left out. */
  readonly maxBatch?: number;
  /** A kernel set, or "auto" (the default): the fastest that is right, measured once a process. */
  readonly kernels?: KernelsOption;
  /**
   * How convolutions are computed. "auto" (the default) measures, for each layer that Winograd can compute, whether that
   * or the direct way is faster on this machine, once: the times are kept in `tuningFile`. "rule" counts multiplications
   * instead, the same on every machine; "direct" and "winograd" force one where it is possible, and an object forces
   * layers by name. Winograd is a little less exact (docs/architecture.md has the figures).
   */
  readonly convolutions?: ConvolutionsOption;
  /**
   * The file of the times that "auto" has measured: a path; false for none, then every engine measures anew; the user's
   * cache folder where left out. One that cannot be read or written is told by `engine.tuning`.
   */
  readonly tuningFile?: string | false;
  /**
   * How the weights of fully connected layers are kept: "float32" (the default) as they are; "bfloat16" rounds them to
   * 8 bits of precision, which halves their memory and what a batch of one has to read, at a loss that
   * docs/architecture.md has figures for. Biases and activations stay float32.
   */
  readonly fcWeights?: WeightsType;
  /** Told what happens when: each worker's steps and barriers, and in scoring each image's decoding. */
  readonly trace?: Trace;
}

export interface RunOptions {
  /** Cancels before a batch starts; one that runs is finished. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BATCH = 16;

/** The programs of the last batch, which the next one mostly is like. */
interface EncodedBatch {
  readonly images: number;
  readonly keep: boolean;
  readonly programs: readonly Int32Array[];
}

interface Parts {
  readonly plan: Plan;
  readonly memory: SharedMemory;
  readonly pool: WorkerPool;
  readonly kernels: KernelChoice;
  readonly tuning: Tuning;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: readonly string[] | undefined;
  readonly trace: Trace | undefined;
}

export class Engine {
  readonly #plan: Plan;
  /** By layer, one image each. */
  readonly #shapes: ReadonlyMap<string, Shape>;
  /** Undefined once closed: the memory is large, and the engine may be held for longer. */
  #parts: { readonly memory: SharedArrayBuffer; readonly pool: WorkerPool } | undefined;
  /** The kernel set that runs, why, and what was measured. */
  readonly kernels: KernelChoice;
  /** How the algorithms of the convolutions were found; the plan has them, with the reason. */
  readonly tuning: Tuning;
  /** How the weights want their images; undefined where neither they nor the network say it. */
  readonly preprocessing: Preprocessing | undefined;
  /** Class names, where the weights have them. */
  readonly labels: readonly string[] | undefined;
  protected readonly trace: Trace | undefined;
  /** The end of the queue: every call waits for the one before it. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #encoded: EncodedBatch | undefined;

  protected constructor(parts: Parts) {
    this.#plan = parts.plan;
    this.#shapes = new Map(inferShapes(parts.plan.network).map(({ layer, output }) => [layer.name, output]));
    this.#parts = { memory: parts.memory.buffer, pool: parts.pool };
    this.kernels = parts.kernels;
    this.tuning = parts.tuning;
    this.preprocessing = parts.preprocessing;
    this.labels = parts.labels;
    this.trace = parts.trace;
  }

  /** See createEngine. */
  protected static async prepare(options: EngineOptions): Promise<Parts> {
    checkOptions(options);
    const weights =
      typeof options.weights === "string" ? await loadWeights(options.weights) : options.weights;
    const { network, preprocessing } = resolveNetwork(weights, options.network);
    const { choice, set, module } = await chooseKernels(options.kernels ?? "auto");
    const { threads = defaultThreads(), maxBatch = DEFAULT_BATCH } = options;
    const { convolutions = "auto", tuningFile, fcWeights = "float32" } = options;
    const tuning = await tune(network, { set, module }, { convolutions, tuningFile });
    const planned = { network, tile: set, threads, maxBatch, fcWeights };
    const plan = makePlan({ ...planned, convolutions: tuning.convolutions });
    const memory = takeMemory(network, plan.memory.bytes);
    const spin = threads <= availableParallelism();
    const control = { barrier: plan.memory.barrier, threads, spin };
    const pool = new WorkerPool({ kernels: module, memory, control });
    try {
      await packWeights(plan, weights, memory.buffer);
    } catch (error) {
      await pool.close();
      throw error;
    }
    const { labels } = weights;
    return { plan, memory, pool, kernels: choice, tuning, preprocessing, labels, trace: options.trace };
  }

  get network(): Network {
    return this.#plan.network;
  }

  /** The plan that the workers follow, plain data. */
  get plan(): Plan {
    return this.#plan;
  }

  get threads(): number {
    return this.#plan.threads;
  }

  get maxBatch(): number {
    return this.#plan.maxBatch;
  }

  /** The names that `activations` takes. */
  get layers(): readonly string[] {
    return this.#plan.network.layers.map(({ name }) => name);
  }

  /**
   * Logits (values before softmax) of images [N, C, H, W] that are ready for the first layer, as [N, classes].
   * A network that ends in a map gives [N, C, H, W]. N may be more than maxBatch: it runs in several batches.
   * The input is read when the call's turn comes, a batch at a time: it must not change before the promise settles.
   * @throws AlexNetError INPUT_INVALID, WORKER_FAILED, ENGINE_CLOSED; the signal's reason when aborted.
   */
  async forward(input: NdArray, options: RunOptions = {}): Promise<FloatArray> {
    const [output] = await this.#gather(input, [this.#lastLayer], false, options);
    return output;
  }

  /**
   * What the named layers give, by name: maps as [N, C, H, W], vectors as [N, F]. A layer right before a ReLU gives
   * its rectified values, as Caffe's in-place ReLU does; softmax gives probabilities.
   * The input is read when the call's turn comes, a batch at a time: it must not change before the promise settles.
   * @throws AlexNetError OPTION_INVALID for a name that the network does not have, and what `forward` throws.
   */
  async activations<Name extends string>(
    input: NdArray,
    layers: readonly Name[],
    options: RunOptions = {},
  ): Promise<Record<Name, FloatArray>> {
    if (layers.length === 0) throw engineErrors.noLayers();
    // a tensor of a wave has slots for no more than its images: with one of them, a batch is that small
    const keep = layers.some((name) => this.#plan.graph.tensors[this.#tensorOf(name)].slots === "wave");
    const outputs = await this.#gather(input, layers, keep, options);
    const entries = layers.map((name, index) => [
      name,
      this.#isSoftmax(name) ? probabilities(outputs[index]) : outputs[index],
    ]);
    return Object.fromEntries(entries) as Record<Name, FloatArray>;
  }

  /** Finishes the calls that wait, ends the workers, and lets go of the memory. Later calls are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(async () => {
      await this.#live.pool.close();
      this.#parts = undefined;
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * One batch whose input the caller writes in place: `fill` gets the input tensor, [maxBatch, C, H, W] over the
   * shared memory, and answers how many images it wrote; `use` gets the output [N, C, H, W] before it is overwritten.
   */
  protected runBatch<T>(
    fill: (input: FloatArray) => number,
    use: (output: FloatArray) => T,
    options: RunOptions = {},
  ): Promise<T> {
    return this.#queue(async () => {
      options.signal?.throwIfAborted();
      const images = traced(this.trace, "input", () => fill(inputView(this.#plan, this.#live.memory)));
      await this.#run(images);
      const output = this.#allocate(this.#tensorOf(this.#lastLayer), images);
      this.#copyOut(this.#lastLayer, images, output, 0);
      return use(this.#reshaped(this.#lastLayer, output));
    });
  }

  /** One batch of whatever the input tensor holds, timed by operation: for benchmarks. */
  time(images: number): Promise<Times> {
    return this.#queue(() => this.#run(images, { timed: true }));
  }

  #gather(
    input: NdArray,
    layers: readonly string[],
    keep: boolean,
    { signal }: RunOptions,
  ): Promise<FloatArray[]> {
    const batch = keep ? this.#plan.wave : this.maxBatch;
    return this.#queue(async () => {
      const source = checkedInput(input, this.#plan.network.input);
      const images = source.shape[0];
      const outputs = layers.map((name) => this.#allocate(this.#tensorOf(name), images));
      for (let from = 0; from < images; from += batch) {
        signal?.throwIfAborted();
        const count = Math.min(batch, images - from);
        traced(this.trace, "input", () => {
          copyIn(this.#plan, this.#live.memory, source, from, count);
        });
        await this.#run(count, { keep });
        checkFinite(this.#plan, this.#live.memory, source, from, count);
        layers.forEach((name, index) => {
          this.#copyOut(name, count, outputs[index], from);
        });
      }
      return outputs.map((output, index) => this.#reshaped(layers[index], output));
    });
  }

  #queue<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(engineErrors.closed());
    const result = this.#last.then(job);
    // the next call runs whether this one succeeds or not; its error belongs to its caller
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** @param keep see programsOf */
  async #run(images: number, { timed = false, keep = false } = {}): Promise<Times> {
    const { memory, pool } = this.#live;
    if (this.#encoded?.images !== images || this.#encoded.keep !== keep) {
      const programs = programsOf(this.#plan, images, keep);
      this.#encoded = { images, keep, programs: encode(this.#plan, programs, memory) };
    }
    inputFlag(this.#plan, memory)[0] = 0;
    const answers = await pool.run(this.#encoded.programs, timed || this.trace !== undefined);
    const times = answers.flatMap((words) => (words === undefined ? [] : [timesOf(words)]));
    this.trace?.(spansOfWorkers(this.#plan, times));
    return times;
  }

  get #live() {
    if (this.#parts === undefined) throw engineErrors.closed();
    return this.#parts;
  }

  get #lastLayer(): string {
    const { layers } = this.#plan.network;
    return layers[layers.length - 1].name;
  }

  #allocate(tensor: number, images: number): FloatArray {
    const shape = [images, ...this.#plan.graph.tensors[tensor].shape];
    return ndarray(new Float32Array(elementsOf(shape)), shape);
  }

  #copyOut(layer: string, images: number, target: FloatArray, first: number): void {
    copyOut(this.#plan, this.#live.memory, this.#tensorOf(layer), images, target, first);
  }

  /** As the network has the layer's output: a tensor may be a map to one layer and a vector to the next. */
  #reshaped(layer: string, output: FloatArray): FloatArray {
    return ndarray(output.data, [output.shape[0], ...(this.#shapes.get(layer) ?? [])]);
  }

  #tensorOf(name: string): number {
    // what the network's input is called is no layer, but a layer may leave the input as it is
    const tensor = this.#plan.graph.tensors.findIndex(({ id, layers }) =>
      layers.includes(name, id <= 1 ? 1 : 0),
    );
    if (tensor < 0) throw engineErrors.unknownLayer(name, this.layers);
    return tensor;
  }

  #isSoftmax(name: string): boolean {
    return this.#plan.network.layers.some((layer) => layer.name === name && layer.type === "softmax");
  }
}
