/** Measures convolutions by both algorithms, as a plan has them, away from the main thread. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { COMMAND_WORDS, type KernelModule } from "../../workers/protocol.js";
import { STEP_BYTES } from "../../workers/steps.js";
import type { TimedWay, Timings, TimingTask } from "../../workers/time-programs.js";
import { AlexNetError } from "../errors/base.js";
import { engineErrors } from "../errors/engine.js";
import type { Network } from "../network/layers.js";
import type { AlgorithmTimes, ConvolutionAlgorithm } from "../plan/algorithm.js";
import { encode } from "../plan/encode.js";
import { lower, type ConvolutionOperation, type OperationGraph } from "../plan/operations.js";
import { makePlan, programsOf, type Plan } from "../plan/plan.js";
import type { Tile } from "../plan/tile.js";

/** A convolution that both algorithms can compute. */
export interface TunedLayer {
  readonly name: string;
  /** The same for all convolutions that take the same time. */
  readonly key: string;
}

/** For all layers: their kernels are hot already, so a few runs are enough. */
const BUDGET_MS = 250;
/** Of a batch: weights are read once for several images, as in a larger one. */
const IMAGES = 2;
/** More would pretend that the clock has them. */
const DIGITS = 4;
const PAGE = 65536;

/** The layers for which there is something to choose. */
export function tunedLayers(network: Network): readonly TunedLayer[] {
  const graph = lower(network, "winograd");
  return convolutionsByWinograd(graph).map((operation) => ({
    name: operation.layer.name,
    key: keyOf(graph, operation),
  }));
}

const convolutionsByWinograd = ({ operations }: OperationGraph): ConvolutionOperation[] =>
  operations.filter(
    (operation) => operation.kind === "convolution" && operation.winograd !== undefined,
  ) as ConvolutionOperation[];

function keyOf({ tensors }: OperationGraph, { layer, shaped, input, output }: ConvolutionOperation): string {
  const maps = ({ shape, towers }: { shape: readonly number[]; towers: number }) =>
    `${shape.join("x")} in ${towers}`;
  const from = maps({ shape: shaped.input, towers: tensors[input].towers });
  const to = maps({ shape: shaped.output, towers: tensors[output].towers });
  const { kernel, stride, padding, groups } = layer;
  return `${from} to ${to}, kernel ${kernel.join("x")}, stride ${stride.join("x")}, padding ${padding.join(" ")}, groups ${groups}`;
}

/**
 * Times of the named layers, each of a batch of IMAGES on one thread; of those that twice the budget does not reach, none;
 * of all, where there is no memory for it.
 * @throws AlexNetError WORKER_FAILED where the measuring thread ends before it answers.
 */
export async function timeLayers(
  network: Network,
  names: readonly string[],
  tile: Tile,
  kernels: KernelModule,
): Promise<ReadonlyMap<string, AlgorithmTimes>> {
  const part = convolutionalPart(network);
  const plans = plansOf(part, tile);
  if (plans === undefined) return new Map();
  const ways = plans.map((plan) => wayOf(plan, names));
  const timings = await inWorker({ kernels, ways, budget: BUDGET_MS });
  return new Map(
    timings.map((times, job) => {
      const [direct, winograd] = times.map((time) => Number(time.toPrecision(DIGITS)));
      return [names[job], { direct, winograd }];
    }),
  );
}

/** By each algorithm; undefined where one of them does not fit into a memory, though the engine's own plan may. */
function plansOf(network: Network, tile: Tile): readonly Plan[] | undefined {
  const algorithms: readonly ConvolutionAlgorithm[] = ["direct", "winograd"];
  try {
    return algorithms.map((convolutions) =>
      makePlan({ network, tile, threads: 1, maxBatch: IMAGES, convolutions }),
    );
  } catch (error) {
    if (error instanceof AlexNetError && error.code === "MEMORY_TOO_LARGE") return undefined;
    throw error;
  }
}

/** Up to the last convolution: what comes behind it would only take room for weights. */
function convolutionalPart(network: Network): Network {
  const last = network.layers.findLastIndex(({ type }) => type === "convolution");
  return { ...network, layers: network.layers.slice(0, last + 1) };
}

/** A plan's commands for the named layers, with the steps that they name. */
function wayOf(plan: Plan, names: readonly string[]): TimedWay {
  const { memory, graph } = plan;
  // the part of the memory that steps are written to
  const buffer = new SharedArrayBuffer(memory.steps + memory.stepCapacity * STEP_BYTES);
  const [words] = encode(plan, programsOf(plan, IMAGES), buffer);
  const commands = Array.from({ length: words.length / COMMAND_WORDS }, (_, index) =>
    words.subarray(index * COMMAND_WORDS, (index + 1) * COMMAND_WORDS),
  );
  const programs = names.map((name) => {
    const own = commands.filter((command) => graph.operations[command[4]].layer.name === name);
    return Int32Array.from(own.flatMap((command) => [...command]));
  });
  const bytes = new Uint8Array(buffer, memory.steps).slice();
  const filled = memory.regions
    .filter(({ kind }) => kind === "activation" || kind === "weights")
    .map(({ offset, bytes }) => ({ offset, bytes }));
  return { pages: memory.bytes / PAGE, steps: { address: memory.steps, bytes }, filled, programs };
}

async function inWorker(task: TimingTask): Promise<Timings> {
  const worker = new Worker(new URL("../../workers/time-programs.js", import.meta.url), { workerData: task });
  const ended = once(worker, "exit");
  const lost = ended.then(([code]) => {
    throw engineErrors.measuringLost(Number(code));
  });
  const [timings] = (await Promise.race([once(worker, "message"), lost])) as [Timings];
  // its memory is large, and free once the thread has ended
  await ended;
  return timings;
}
