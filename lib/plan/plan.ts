/** A plan: one network on one kernel set, with a largest batch and a number of threads. Plain data, nothing runs. */
import { availableParallelism } from "node:os";
import { engineErrors } from "../errors/engine.js";
import type { Network } from "../network/layers.js";
import { checkConvolutions, type PlannedConvolutions } from "./algorithm.js";
import { layOut, type MemoryLayout } from "./memory.js";
import { blockingOf } from "./winograd-blocks.js";
import { stepsByPanel } from "./fully-connected-steps.js";
import type { Tile } from "./tile.js";
import { lower, type Operation, type OperationGraph } from "./operations.js";
import { WEIGHTS_TYPES, type WeightsType } from "./weights-type.js";
import { type Command, type ScheduleContext } from "./commands.js";
import { evenImages, schedule } from "./schedule.js";

export interface Plan extends ScheduleContext {
  readonly network: Network;
  readonly graph: OperationGraph;
  readonly memory: MemoryLayout;
  readonly tile: Tile;
  readonly threads: number;
  readonly maxBatch: number;
  /** Images that go through the convolutional part together. */
  readonly wave: number;
}

export interface PlanOptions {
  readonly network: Network;
  readonly tile: Tile;
  /** 1 to MAX_THREADS. */
  readonly threads: number;
  /** Images of the largest batch, 1 to MAX_BATCH. */
  readonly maxBatch: number;
  /** How convolutions are computed; by the "rule" where left out. */
  readonly convolutions?: PlannedConvolutions;
  /** How the weights of fully connected layers are stored; "float32" where left out. */
  readonly fcWeights?: WeightsType;
}

export const MAX_THREADS = 64;
export const MAX_BATCH = 4096;

/** Threads where nothing is said: as many as the process may use cores, as far as a plan has workers. */
export const defaultThreads = (cores = availableParallelism()): number => Math.min(MAX_THREADS, cores);

/** About this many images in a wave: enough to make meetings rare, few enough for the last level cache. */
const WAVE = 8;

/** Images of a wave, such that the workers can share its towers without cutting a map. */
export function waveFor(towers: number, threads: number, maxBatch: number): number {
  const even = evenImages(towers, threads);
  return Math.min(maxBatch, Math.ceil(WAVE / even) * even);
}

/**
 * @throws AlexNetError OPTION_INVALID for threads, maxBatch, convolutions or fcWeights, MEMORY_TOO_LARGE where 4 GiB are not enough.
 */
export function makePlan(options: PlanOptions): Plan {
  const { network, tile, threads, maxBatch, convolutions = "rule", fcWeights = "float32" } = options;
  checkCount("threads", threads, MAX_THREADS);
  checkCount("maxBatch", maxBatch, MAX_BATCH);
  checkConvolutions(convolutions, network);
  if (!WEIGHTS_TYPES.includes(fcWeights))
    throw engineErrors.option("fcWeights", fcWeights, `one of ${WEIGHTS_TYPES.join(", ")}`);
  const graph = lower(network, convolutions, { fcWeights });
  const wave = waveFor(graph.towers, threads, maxBatch);
  const memory = layOut(graph, {
    network: network.name,
    tile,
    threads,
    maxBatch,
    wave,
    stepCapacity:
      graph.operations.reduce(
        (sum, operation) => sum + mostSteps(operation, wave, threads, graph.towers),
        0,
      ) + stepsByPanel(graph, tile.panel, maxBatch),
  });
  return { network, graph, memory, tile, threads, maxBatch, wave };
}

/**
 * The commands of each worker for a batch. With `keep`, what every operation gives of every image is there afterwards,
 * if the batch is no larger than a wave.
 */
export function programsOf(plan: Plan, images: number, keep = false): Command[][] {
  checkCount("images", images, plan.maxBatch);
  return schedule(plan, images, keep);
}

/**
 * Steps of one operation in one batch, at most: three forms of wave, in each at most 7 boxes a worker and one more a
 * tower, and for each box what stepsOfBox says. What there is for each panel comes on top.
 */
const mostSteps = (operation: Operation, wave: number, threads: number, towers: number): number =>
  3 * (7 * threads + towers) * stepsOfBox(operation, wave);

/** By Winograd two transforms and a product, for each part of a map, whole blocks and what is left of a group or a wave. */
function stepsOfBox(operation: Operation, wave: number): number {
  if (operation.kind !== "convolution" || !operation.winograd) return 1;
  const parts = Math.ceil(operation.winograd.tileRows / blockingOf(operation.winograd, wave).tileRows);
  return 3 * 3 * parts;
}

function checkCount(parameter: string, got: number, most: number): void {
  if (!Number.isInteger(got) || got < 1 || got > most)
    throw engineErrors.option(parameter, got, `a whole number from 1 to ${most}`);
}
