/** One network with its weights in one shared memory, and the workers that run it. */
import { availableParallelism } from "node:os";
import ndarray, { type NdArray } from "ndarray";
import { engineErrors } from "../errors/engine.js";
import type { Network } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import type { Preprocessing } from "../network/preprocessing.js";
import type { ModelName } from "../network/variants.js";
import type { ConvolutionsOption } from "../plan/algorithm.js";
import { makePlan, programsOf, type Plan } from "../plan/plan.js";
import { loadWeights, resolveNetwork, type Weights } from "../weights/index.js";
import type { BatchTimes } from "../../workers/protocol.js";
import { chooseKernels, type KernelChoice, type KernelsOption } from "./choose-kernels.js";
import { encode } from "./encode.js";
import { packWeights } from "./pack.js";
import { WorkerPool } from "./pool.js";
import { softmax } from "./softmax.js";
import { checkInput, copyIn, copyOut, inputView, type FloatArray } from "./tensors.js";

export interface EngineOptions {
  /** Left out where the weights tell it; a name or a network, from `networks` or `defineNetwork`. */
  readonly network?: Network | ModelName;
  /** Loaded weights, or a file's path. */
  readonly weights: Weights | string;
  /** Workers, 1 to 64; as many as the process may use cores where left out. */
  readonly threads?: number;
  /** Images of the largest batch; memory is taken for it. 16 where left out. */
  readonly maxBatch?: number;
  /** A kernel set, or "auto" (the default): the fastest that is right, measured once a process. */
  readonly kernels?: KernelsOption;
  /**
   * "auto" (the default) computes convolutions by Winograd where that pays, which is faster and a little less exact
   * (docs/architecture.md has the figures); "direct" never does.
   */
  readonly convolutions?: ConvolutionsOption;
}

export interface RunOptions {
  /** Cancels before a batch starts; one that runs is finished. */
  readonly signal?: AbortSignal;
}

/** What the workers of a batch spent, in milliseconds, by worker. */
export type Times = readonly BatchTimes[];

const DEFAULT_BATCH = 16;

interface Parts {
  readonly plan: Plan;
  readonly memory: WebAssembly.Memory;
  readonly pool: WorkerPool;
  readonly kernels: KernelChoice;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: readonly string[] | undefined;
}

export class Engine {
  readonly #plan: Plan;
  readonly #memory: SharedArrayBuffer;
  readonly #pool: WorkerPool;
  /** The kernel set that runs, why, and what was measured. */
  readonly kernels: KernelChoice;
  /** How the weights want their images; undefined where neither they nor the network say it. */
  readonly preprocessing: Preprocessing | undefined;
  /** Class names, where the weights have them. */
  readonly labels: readonly string[] | undefined;
  /** The end of the queue: every call waits for the one before it. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #encoded: { readonly images: number; readonly programs: readonly Int32Array[] } | undefined;

  protected constructor(parts: Parts) {
    this.#plan = parts.plan;
    this.#memory = parts.memory.buffer;
    this.#pool = parts.pool;
    this.kernels = parts.kernels;
    this.preprocessing = parts.preprocessing;
    this.labels = parts.labels;
  }

  /** See createEngine. */
  protected static async prepare(options: EngineOptions): Promise<Parts> {
    const weights =
      typeof options.weights === "string" ? await loadWeights(options.weights) : options.weights;
    const { network, preprocessing } = resolveNetwork(weights, options.network);
    const { choice, set, module } = await chooseKernels(options.kernels ?? "auto");
    const { threads = availableParallelism(), maxBatch = DEFAULT_BATCH, convolutions = "auto" } = options;
    const plan = makePlan({ network, tile: set, threads, maxBatch, convolutions });
    const pages = plan.memory.bytes / 65536;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const spin = threads <= availableParallelism();
    const control = { barrier: plan.memory.barrier, threads, spin };
    const pool = new WorkerPool({ kernels: module, memory, control });
    try {
      await packWeights(plan, weights, memory.buffer);
    } catch (error) {
      await pool.close();
      throw error;
    }
    return { plan, memory, pool, kernels: choice, preprocessing, labels: weights.labels };
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
   * @throws AlexNetError INPUT_INVALID, WORKER_FAILED, ENGINE_CLOSED; the signal's reason when aborted.
   */
  async forward(input: NdArray, options: RunOptions = {}): Promise<FloatArray> {
    const last = this.#plan.graph.tensors.length - 1;
    const [output] = await this.#gather(input, [last], this.maxBatch, options);
    return output;
  }

  /**
   * What the named layers give, by name: maps as [N, C, H, W], vectors as [N, F]. A layer right before a ReLU gives
   * its rectified values, as Caffe's in-place ReLU does; softmax gives probabilities.
   * @throws AlexNetError OPTION_INVALID for a name that the network does not have, and what `forward` throws.
   */
  async activations<Name extends string>(
    input: NdArray,
    layers: readonly Name[],
    options: RunOptions = {},
  ): Promise<Record<Name, FloatArray>> {
    if (layers.length === 0) throw engineErrors.noLayers();
    const tensors = layers.map((name) => this.#tensorOf(name));
    // a wave's tensors are there until the next wave: with them, a batch is one wave
    const wave = tensors.some((tensor) => this.#plan.graph.tensors[tensor].slots === "wave");
    const outputs = await this.#gather(input, tensors, wave ? this.#plan.wave : this.maxBatch, options);
    const entries = layers.map((name, index) => [
      name,
      this.#isSoftmax(name) ? probabilities(outputs[index]) : outputs[index],
    ]);
    return Object.fromEntries(entries) as Record<Name, FloatArray>;
  }

  /** Finishes the calls that wait, ends the workers, and lets go of the memory. Later calls are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#pool.close());
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
      const target = inputView(this.#plan, this.#memory);
      if (target === undefined) throw engineErrors.inputTowers(this.network.name, this.network.input);
      const images = fill(target);
      await this.#run(images, false);
      return use(this.#read(this.#plan.graph.tensors.length - 1, images));
    });
  }

  /** One batch of whatever the input tensor holds, timed by operation: for benchmarks. */
  time(images: number): Promise<Times> {
    return this.#queue(() => this.#run(images, true));
  }

  #gather(
    input: NdArray,
    tensors: readonly number[],
    batch: number,
    { signal }: RunOptions,
  ): Promise<FloatArray[]> {
    return this.#queue(async () => {
      checkInput(input, this.#plan.network.input);
      const images = input.shape[0];
      const outputs = tensors.map((tensor) => this.#allocate(tensor, images));
      for (let from = 0; from < images; from += batch) {
        signal?.throwIfAborted();
        const count = Math.min(batch, images - from);
        copyIn(this.#plan, this.#memory, input, from, count);
        await this.#run(count, false);
        tensors.forEach((tensor, index) => {
          copyOut(this.#plan, this.#memory, tensor, count, outputs[index], from);
        });
      }
      return outputs.map((output, index) => this.#logical(tensors[index], output));
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

  async #run(images: number, timed: boolean): Promise<Times> {
    if (this.#encoded?.images !== images)
      this.#encoded = { images, programs: encode(this.#plan, programsOf(this.#plan, images), this.#memory) };
    const times = await this.#pool.run(this.#encoded.programs, timed);
    return times.filter((time) => time !== undefined);
  }

  #read(tensor: number, images: number): FloatArray {
    const output = this.#allocate(tensor, images);
    copyOut(this.#plan, this.#memory, tensor, images, output, 0);
    return this.#logical(tensor, output);
  }

  #allocate(tensor: number, images: number): FloatArray {
    const shape = [images, ...this.#plan.graph.tensors[tensor].shape];
    return ndarray(new Float32Array(elementsOf(shape)), shape);
  }

  /** [N, F] where the layers that made the tensor are flat. */
  #logical(tensor: number, output: FloatArray): FloatArray {
    const [images, channels, height, width] = output.shape;
    const maker = this.#plan.graph.operations.find((operation) => operation.output === tensor);
    const flat = maker?.shaped.output.length === 1;
    return flat ? ndarray(output.data, [images, channels * height * width]) : output;
  }

  #tensorOf(name: string): number {
    const tensor = this.#plan.graph.tensors.findIndex(
      ({ layers }, index) => index > 0 && layers.includes(name),
    );
    if (tensor < 0) throw engineErrors.unknownLayer(name, this.layers);
    return tensor;
  }

  #isSoftmax(name: string): boolean {
    return this.#plan.network.layers.some((layer) => layer.name === name && layer.type === "softmax");
  }
}

function probabilities(logits: FloatArray): FloatArray {
  const [images, classes] = logits.shape;
  const result = new Float32Array(images * classes);
  for (let n = 0; n < images; n++)
    result.set(softmax(logits.data.subarray(n * classes, (n + 1) * classes)), n * classes);
  return ndarray(result, [images, classes]);
}
