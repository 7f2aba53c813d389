/**
 * The layout of the one shared memory. Everything has its place before anything runs: control words, steps, a scratch
 * for each worker, every tensor (channels last, a buffer for each tower), and every packed weight.
 */
import { engineErrors } from "../errors/engine.js";
import { BARRIER_BYTES } from "../../workers/barrier.js";
import { STEP_BYTES } from "../../workers/steps.js";
import { PLANES } from "../../workers/winograd.js";
import { elementsOf } from "../network/shapes.js";
import { expandedBytes } from "./fully-connected-steps.js";
import type { OperationGraph, Tensor, WeightedOperation } from "./operations.js";
import { align, MEMORY_LIMIT, Regions, type Region, type Take } from "./regions.js";
import { reachOf, weightsTypeOf } from "./operations.js";
import type { Tile } from "./tile.js";
import { WEIGHT_BYTES } from "./weights-type.js";
import { blockRoom } from "./winograd-blocks.js";

/**
 * Where a tensor's elements are: address(image, tower, y, x, c) = offset + sum of index x stride + 4 c, in bytes; in
 * blocks of pixels, the same with a block as a pixel, and its pixels as channels, row by row.
 */
export interface Placement {
  /** The first channel of pixel (0, 0), behind the padding, or of the first block, of image slot 0 in tower 0. */
  readonly offset: number;
  readonly image: number;
  readonly tower: number;
  readonly row: number;
  readonly column: number;
  /** Channels of one tower, of all pixels of a block. */
  readonly channels: number;
  readonly slots: number;
}

/**
 * The packed weights of one operation: [towers][panels][K][panel] of its type, and float32 biases
 * [towers][panels][panel]; for Winograd [towers][49][panels][K][panel], the transformed filters.
 */
export interface PackedWeights {
  readonly weights: number;
  readonly bias: number;
  /** From one tower to the next, in bytes. */
  readonly weightsTower: number;
  readonly biasTower: number;
  /** Panels of one tower. */
  readonly panels: number;
  /** Products in each sum: of a window, or of one of Winograd's planes. */
  readonly depth: number;
  /** From one plane to the next, in bytes; 0 where there is only one. */
  readonly plane: number;
}

export interface MemoryLayout {
  readonly bytes: number;
  readonly regions: readonly Region[];
  readonly barrier: number;
  /** A word that becomes 1 where a value of the input is NaN or infinite. */
  readonly notFinite: number;
  readonly steps: number;
  readonly stepCapacity: number;
  /** The scratch of worker 0, and from one worker's to the next, in bytes. */
  readonly scratch: number;
  readonly scratchWorker: number;
  /** Winograd's windows of worker 0, its products behind them, and from one worker's to the next, in bytes. */
  readonly transforms: number;
  readonly productsOffset: number;
  readonly transformsWorker: number;
  /** Worker 0's room for a panel of weights in float32, and from one worker's to the next, in bytes. */
  readonly expanded: number;
  readonly expandedWorker: number;
  /** Output channels of a packed panel. */
  readonly panel: number;
  readonly placements: readonly Placement[];
  /** By operation; only convolutions and fully connected layers have one. */
  readonly packed: ReadonlyMap<number, PackedWeights>;
}

export interface LayoutOptions {
  readonly network: string;
  readonly tile: Tile;
  readonly threads: number;
  readonly maxBatch: number;
  /** Images of a wave. */
  readonly wave: number;
  readonly stepCapacity: number;
}

/** @throws AlexNetError MEMORY_TOO_LARGE, before any of it is taken. */
export function layOut(graph: OperationGraph, options: LayoutOptions): MemoryLayout {
  const regions = new Regions();
  const { take } = regions;
  const barrier = take("barrier", "control", BARRIER_BYTES);
  const notFinite = take("input's check", "control", 4);
  const steps = take("steps", "steps", options.stepCapacity * STEP_BYTES);
  const scratchWorker = align(scratchBytes(graph, options.tile));
  const scratch = take("scratch", "scratch", scratchWorker * options.threads);
  const { windows, products } = transformBytes(graph, options.wave, options.tile);
  const transformsWorker = align(windows + products);
  const transforms = take("transforms", "transforms", transformsWorker * options.threads);
  const expandedWorker = align(expandedBytes(graph, options.tile.panel, options.maxBatch));
  const expanded = take("expanded", "expanded", expandedWorker * options.threads);
  const placements = placeTensors(graph, options, take);
  const packed = new Map<number, PackedWeights>();
  for (const operation of graph.operations)
    if (operation.kind === "convolution" || operation.kind === "fully-connected")
      packed.set(operation.index, pack(operation, graph, options.tile.panel, take));
  const { bytes } = regions;
  if (bytes > MEMORY_LIMIT) throw engineErrors.memory(options.network, bytes, MEMORY_LIMIT);
  return {
    bytes,
    regions: regions.list,
    barrier,
    notFinite,
    steps,
    stepCapacity: options.stepCapacity,
    scratch,
    scratchWorker,
    transforms,
    productsOffset: windows,
    transformsWorker,
    expanded,
    expandedWorker,
    panel: options.tile.panel,
    placements,
    packed,
  };
}

/** The network's input in planes, and every other tensor with channels last. */
export const placeTensors = (
  graph: OperationGraph,
  { wave, maxBatch }: Pick<LayoutOptions, "wave" | "maxBatch">,
  take: Take,
): Placement[] =>
  graph.tensors.map((tensor) =>
    (tensor.id === 0 ? placePlanes : place)(tensor, tensor.slots === "wave" ? wave : maxBatch, take),
  );

export function place(tensor: Tensor, slots: number, take: Take): Placement {
  const [allChannels, height, width] = tensor.shape;
  const [top, left, bottom, right] = tensor.padding;
  const { blockSize } = tensor;
  const channels = (allChannels / tensor.towers) * blockSize * blockSize;
  const column = channels * 4;
  const row = ((left + width + right) / blockSize) * column;
  const image = ((top + height + bottom) / blockSize) * row;
  const tower = align(image * slots);
  const offsets = Array.from({ length: tensor.towers }, (_, index) =>
    take(
      tensor.towers === 1 ? tensor.layers[0] : `${tensor.layers[0]}, tower ${index}`,
      "activation",
      image * slots,
    ),
  );
  const inside = blockSize === 1 ? top * row + left * column : 0;
  return { offset: offsets[0] + inside, image, tower, row, column, channels, slots };
}

/** The network's input as callers give it, [N, C, H, W] in one piece: a plane is a tower of one channel. */
function placePlanes({ shape: [planes, height, width] }: Tensor, slots: number, take: Take): Placement {
  const plane = height * width * 4;
  const image = planes * plane;
  const offset = take("input, planes", "activation", image * slots);
  return { offset, image, tower: plane, row: width * 4, column: 4, channels: 1, slots };
}

export function pack(
  operation: WeightedOperation,
  graph: OperationGraph,
  panel: number,
  take: Take,
): PackedWeights {
  const output = graph.tensors[operation.output];
  const planes = operation.kind === "convolution" && operation.winograd ? PLANES : 1;
  const depth = depthOf(operation);
  const panels = Math.ceil(output.shape[0] / output.towers / panel);
  const towers = Array.from({ length: output.towers }, (_, index) =>
    output.towers === 1 ? operation.layer.name : `${operation.layer.name}, tower ${index}`,
  );
  const plane = panels * depth * panel * WEIGHT_BYTES[weightsTypeOf(operation)];
  const [weights] = towers.map((name) => take(name, "weights", planes * plane));
  const [bias] = towers.map((name) => take(name, "bias", panels * panel * 4));
  return {
    weights,
    bias,
    weightsTower: align(planes * plane),
    biasTower: align(panels * panel * 4),
    panels,
    depth,
    plane: planes === 1 ? 0 : plane,
  };
}

/** Products in each sum of a convolution or a fully connected layer; by Winograd, one for each channel of a block. */
export function depthOf(operation: WeightedOperation): number {
  if (operation.kind === "fully-connected") return elementsOf(operation.shaped.input);
  const { layer, shaped, winograd } = operation;
  const channels = shaped.input[0] / layer.groups;
  return winograd ? channels * winograd.blockSize ** 2 : channels * layer.kernel[0] * layer.kernel[1];
}

/** Room for the transformed windows of a block and for its products, one worker, in bytes. */
export function transformBytes(
  graph: OperationGraph,
  wave: number,
  tile: Tile,
): { windows: number; products: number } {
  const sizes = graph.operations.map((operation) => {
    if (operation.kind !== "convolution" || !operation.winograd) return { windows: 0, products: 0 };
    const { winograd } = operation;
    const output = graph.tensors[operation.output];
    const panels = Math.ceil(output.shape[0] / output.towers / tile.panel);
    const room = blockRoom(winograd, wave, { depth: depthOf(operation), panels }, tile);
    return { windows: PLANES * room.windowsPlane, products: PLANES * room.productsPlane };
  });
  return {
    windows: Math.max(0, ...sizes.map(({ windows }) => windows)),
    products: Math.max(0, ...sizes.map(({ products }) => products)),
  };
}

/** Panels that conv_row reads side by side. */
const ROW_PANELS = 4;

/** What the kernels need beside their tensors: see tile.ts and f32_lrn.ts of workers/kernels. */
export function scratchBytes(graph: OperationGraph, tile: Tile): number {
  const convolution = 128 + Math.max(tile.rows, ROW_PANELS) * tile.panel * 4;
  // a window of eight channels, half transformed
  const window = PLANES * 8 * 4;
  const normalisations = graph.operations.map((operation) => {
    if (operation.kind !== "normalisation") return 0;
    const { shape, towers } = graph.tensors[operation.input];
    const { before, after } = reachOf(operation.layer);
    return shape[2] * (shape[0] / towers + before + after) * 4;
  });
  return Math.max(convolution, window, ...normalisations);
}
