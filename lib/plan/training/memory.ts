/**
 * The layout of a trainer's one shared memory: that of a forward pass which keeps every image's values, the gradients, and
 * weights, velocities and gradients of weights in three arenas of one form, a constant distance apart.
 */
import { engineErrors } from "../../errors/engine.js";
import { BARRIER_BYTES } from "../../../workers/barrier.js";
import { STEP_BYTES } from "../../../workers/steps.js";
import {
  pack,
  place,
  placeTensors,
  scratchBytes,
  transformBytes,
  type LayoutOptions,
  type MemoryLayout,
  type PackedWeights,
  type Placement,
} from "../memory.js";
import { direct, hasWeights, type TrainingGraph } from "./graph.js";
import { filtersOf, type Filters } from "./filters.js";
import { BLOCK_ROWS, inputBlocks } from "./input-blocks.js";
import type { WeightedOperation } from "../operations.js";
import { align, MEMORY_LIMIT, Regions, type Region, type Take } from "../regions.js";
import { gradientScratchBytes } from "./scratch.js";
import { gradientTransformBytes } from "./winograd-gradients.js";

/**
 * The weights and biases of a layer as they are updated: [towers][panels][K][NR] in the order of its sums, biases
 * [towers][panels][NR]; what a last panel lacks is zero and stays zero.
 */
export interface Parameter {
  readonly operation: WeightedOperation;
  readonly towers: number;
  readonly panels: number;
  /** K, products of each sum. */
  readonly depth: number;
  /** Byte addresses in the arena of weights, and from one tower to the next. */
  readonly weights: number;
  readonly weightsTower: number;
  readonly bias: number;
  readonly biasTower: number;
  /** Three float32 each: rate, decay, momentum. */
  readonly weightsRule: number;
  readonly biasRule: number;
}

export interface TrainingLayout {
  readonly bytes: number;
  readonly regions: readonly Region[];
  readonly forward: MemoryLayout;
  readonly backward: MemoryLayout;
  /** By the operation's index. */
  readonly parameters: ReadonlyMap<number, Parameter>;
  /** From a weight to its velocity, and to its gradient, in bytes. */
  readonly toVelocity: number;
  readonly toGradient: number;
  readonly filters: Filters;
  /** Of the generator's two words and the step's number. */
  readonly generator: number;
  /** A word an image each: labels and ranks are int32, losses float32. */
  readonly labels: number;
  readonly losses: number;
  readonly ranks: number;
  /**
   * Of dy of a fully connected layer, [panels of images][towers][panels][NR][NR images], and of its dx, [blocks][panels of
   * images][rows of a block][NR images].
   */
  readonly dyByImages: number;
  readonly dxByInputs: number;
  /** Images of whole panels. */
  readonly paddedImages: number;
}

/** @throws AlexNetError MEMORY_TOO_LARGE, before any of it is taken. */
export function layOutTraining(graph: TrainingGraph, options: LayoutOptions): TrainingLayout {
  const { tile, threads, maxBatch, wave, stepCapacity } = options;
  const { forward, backward } = graph;
  const regions = new Regions();
  const { take } = regions;
  const control = {
    barrier: take("barrier", "control", BARRIER_BYTES),
    notFinite: take("input's check", "control", 4),
    steps: take("steps", "steps", stepCapacity * STEP_BYTES),
    stepCapacity,
  };
  const generator = take("generator", "control", 12);
  const weighted = forward.operations.filter(hasWeights);
  const rules = take("rules", "control", weighted.length * 24);
  const [labels, losses, ranks] = ["labels", "losses", "ranks"].map((name) =>
    take(name, "labels", maxBatch * 4),
  );
  const scratchWorker = align(
    Math.max(
      scratchBytes(forward, tile),
      scratchBytes(backward, tile),
      gradientScratchBytes(forward, tile, maxBatch),
    ),
  );
  const scratch = take("scratch", "scratch", scratchWorker * threads);
  const rooms = [
    ...[forward, backward].map((part) => transformBytes(part, wave, tile)),
    gradientTransformBytes(forward, wave, tile),
  ];
  const windows = Math.max(...rooms.map((room) => room.windows));
  const transformsWorker = align(windows + Math.max(...rooms.map(({ products }) => products)));
  const transforms = take("transforms", "transforms", transformsWorker * threads);
  const shared = {
    ...control,
    ...{ scratch, scratchWorker, transforms, productsOffset: windows, transformsWorker },
    ...{ expanded: 0, expandedWorker: 0, panel: tile.panel },
  };
  const parameters = new Map<number, Parameter>();
  const arena = (kind: "weights" | "velocity" | "gradient") =>
    weighted.map((operation) =>
      pack(direct(operation), forward, tile.panel, (name, of, bytes) =>
        take(kind === "weights" ? name : `${name}, ${kind}`, kind === "weights" ? of : kind, bytes),
      ),
    );
  const weights = arena("weights");
  const velocities = arena("velocity");
  const gradients = arena("gradient");
  weighted.forEach((operation, index) => {
    const { weights: at, weightsTower, bias, biasTower, panels, depth } = weights[index];
    const { towers } = forward.tensors[operation.output];
    const rule = rules + index * 24;
    parameters.set(operation.index, {
      ...{ operation, towers, panels, depth, weights: at, weightsTower, bias, biasTower },
      ...{ weightsRule: rule, biasRule: rule + 12 },
    });
  });
  const placements = placeTensors(forward, options, take);
  const gradientPlacements = placeGradients(graph, options, take);
  const paddedImages = Math.ceil(maxBatch / tile.panel) * tile.panel;
  const fullyConnected = [...parameters.values()].filter(
    ({ operation }) => operation.kind === "fully-connected",
  );
  const outputs = Math.max(0, ...fullyConnected.map(({ towers, panels }) => towers * panels * tile.panel));
  const rows = fullyConnected.map(({ operation, depth }) => {
    const id = graph.gradients[operation.input];
    return id === undefined ? 0 : inputBlocks(depth, backward.tensors[id].towers).length * BLOCK_ROWS;
  });
  const dyByImages = take("dy by images", "gradient", outputs * paddedImages * 4);
  const dxByInputs = take("dx by inputs", "gradient", Math.max(0, ...rows) * paddedImages * 4);
  const zeros = take("zeros", "bias", zerosOf(graph, tile.panel) * 4);
  const filters = filtersOf(graph, tile.panel, parameters, zeros, take);
  const { bytes } = regions;
  if (bytes > MEMORY_LIMIT) throw engineErrors.memory(options.network, bytes, MEMORY_LIMIT);
  const whole = { bytes, regions: regions.list };
  return {
    ...whole,
    forward: { ...whole, ...shared, placements, packed: forwardPacked(weighted, weights, filters) },
    backward: { ...whole, ...shared, placements: gradientPlacements, packed: filters.packed },
    parameters,
    toVelocity: velocities[0].weights - weights[0].weights,
    toGradient: gradients[0].weights - weights[0].weights,
    filters,
    ...{ generator, labels, losses, ranks, dyByImages, dxByInputs, paddedImages },
  };
}

/** Of a direct layer the weights themselves, by Winograd their transforms. */
function forwardPacked(
  weighted: readonly WeightedOperation[],
  weights: readonly PackedWeights[],
  filters: Filters,
): Map<number, PackedWeights> {
  return new Map(
    weighted.map((operation, index) => {
      const { bias, biasTower } = weights[index];
      const transformed = filters.transformed.get(operation.index);
      return [operation.index, transformed ? { ...transformed, bias, biasTower } : weights[index]];
    }),
  );
}

/** What no kernel is ever told. */
const NOWHERE: Placement = { offset: -1, image: 0, tower: 0, row: 0, column: 0, channels: 0, slots: 0 };

/** Gradients by number, and those of convolutions with a stride as the turned convolutions read them. */
function placeGradients(
  { forward, backward, turned, gradients, first }: TrainingGraph,
  { wave, maxBatch }: LayoutOptions,
  take: Take,
): Placement[] {
  const placements: Placement[] = backward.tensors.map(() => NOWHERE);
  const takeGradient: Take = (name, _, bytes) => take(`gradient of ${name}`, "gradient", bytes);
  const placeOne = (id: number): Placement => {
    const tensor = backward.tensors[id];
    return place(tensor, tensor.slots === "wave" ? wave : maxBatch, takeGradient);
  };
  for (const operation of forward.operations.slice(first.index)) {
    const own = gradients[operation.output];
    if (own !== undefined && placements[own] === NOWHERE) placements[own] = placeOne(own);
  }
  for (const { input } of turned.values())
    if (placements[input] === NOWHERE) placements[input] = placeOne(input);
  return placements;
}

/** As many as the widest sum without a bias stores side by side. */
const zerosOf = ({ backward, turned }: TrainingGraph, panel: number): number =>
  Math.max(
    0,
    ...[...turned.values()].map(({ output }) => {
      const { shape, towers } = backward.tensors[output];
      return Math.ceil(shape[0] / towers / panel) * panel;
    }),
  );
