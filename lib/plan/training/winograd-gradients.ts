/**
 * The gradient of a convolution's weights by Winograd. With y = A^T [U * V] A, U = G g G^T and V = B^T d B, dU is the sum
 * over all tiles of V * (A dy A^T), which are 49 products of matrices, and dg = G^T dU G, once a batch.
 */
import type { Step } from "../../../workers/steps.js";
import { PLANES } from "../../../workers/winograd.js";
import type { Winograd } from "../algorithm.js";
import { depthOf } from "../memory.js";
import type { ConvolutionOperation, OperationGraph } from "../operations.js";
import { pieces, type Slice } from "../partition.js";
import type { Tile } from "../tile.js";
import { planeBytes } from "../winograd-blocks.js";
import { inputStep, PRODUCT_PLANES, productsOf, windowsOf, type WindowsContext } from "../winograd-steps.js";
import type { GradientRoom } from "./filters.js";
import { gradientFields, type Images, type TrainingContext } from "./writer.js";

/**
 * A block has at most so many tiles, but at least an image: each reads and writes all of dU, so more of them cost less of
 * that, until windows and gradients leave the caches.
 */
const BLOCK_TILES = 128;

/** The buffers of a block: V as [49][tiles][depth], Z as [49][panels][tiles][NR]; strides in bytes. */
interface Room {
  /** Images of a block. */
  readonly images: number;
  /** Tiles of an image. */
  readonly tiles: number;
  readonly windowsRow: number;
  readonly windowsPlane: number;
  readonly gradientsPanel: number;
  readonly gradientsPlane: number;
}

function roomOf(
  { tileRows, tileColumns }: Winograd,
  wave: number,
  { depth, panels }: { readonly depth: number; readonly panels: number },
  panel: number,
): Room {
  const tiles = tileRows * tileColumns;
  const images = Math.max(1, Math.min(wave, Math.floor(BLOCK_TILES / tiles)));
  const windowsRow = depth * 4;
  const gradientsPanel = images * tiles * panel * 4;
  return {
    ...{ images, tiles, windowsRow, windowsPlane: planeBytes(images * tiles * windowsRow) },
    ...{ gradientsPanel, gradientsPlane: planeBytes(panels * gradientsPanel) },
  };
}

/** Bytes for the windows and the gradients of the largest block, one worker. */
export function gradientTransformBytes(
  graph: OperationGraph,
  wave: number,
  { panel }: Tile,
): { windows: number; products: number } {
  const rooms = graph.operations.flatMap((operation) => {
    if (operation.kind !== "convolution" || !operation.winograd) return [];
    const { shape, towers } = graph.tensors[operation.output];
    const panels = Math.ceil(shape[0] / towers / panel);
    return [roomOf(operation.winograd, wave, { depth: depthOf(operation), panels }, panel)];
  });
  return {
    windows: Math.max(0, ...rooms.map(({ windowsPlane }) => PLANES * windowsPlane)),
    products: Math.max(0, ...rooms.map(({ gradientsPlane }) => PLANES * gradientsPlane)),
  };
}

export interface WinogradGradients {
  readonly context: TrainingContext;
  readonly operation: ConvolutionOperation;
  readonly winograd: Winograd;
  /** Panels of a tower's output channels. */
  readonly slice: Slice;
  readonly worker: number;
}

/** Adds the images' share to dU, block by block; `add` is given each command in order. */
export function winogradGradients(
  { context, operation, winograd, slice, worker }: WinogradGradients,
  images: Images,
  add: (step: Step, from: number, to: number) => void,
): void {
  const sums = context.layout.filters.gradients.get(operation.index);
  if (sums === undefined) throw new RangeError(`${operation.layer.name}: it has no room for its gradient`);
  const room = roomOf(winograd, context.forward.wave, sums, context.forward.tile.panel);
  const block: WindowsContext = { context: context.forward, operation, winograd, room, slice, worker };
  const windows = inputStep(block, [0, winograd.tileRows]);
  const gradients = gradientStep(context, block, room, images);
  for (const [from, to] of pieces([0, images.count], room.images)) {
    for (let slot = from; slot < to; slot++) add(windows, images.first + slot, slot - from);
    for (let slot = from; slot < to; slot++) add(gradients, slot, slot - from);
    // the batch's first block overwrites what the last batch left
    const isFirst = images.first + from === 0;
    const multiply = multiplyStep(context, block, room, sums, (to - from) * room.tiles, isFirst ? 0 : 1);
    for (const plane of PRODUCT_PLANES) add(multiply, plane, plane);
  }
}

function gradientStep(context: TrainingContext, block: WindowsContext, room: Room, images: Images): Step {
  const { operation, winograd, slice, worker } = block;
  const { scratch, scratchWorker } = context.layout.forward;
  const [, rows, columns] = operation.shaped.output;
  return {
    kernel: winograd.outputs === 5 ? "winograd_gradient_5" : "winograd_gradient_3",
    fields: {
      ...gradientFields(context, operation, images, slice.tower),
      output: productsOf(block),
      outputImage: room.gradientsPanel / room.images,
      outputPanel: room.gradientsPanel,
      outputPlane: room.gradientsPlane,
      rows,
      columns,
      channels: context.layout.forward.placements[operation.output].channels,
      panelFrom: slice.panels[0],
      panelTo: slice.panels[1],
      scratch: scratch + worker * scratchWorker,
    },
  };
}

function multiplyStep(
  { layout }: TrainingContext,
  block: WindowsContext,
  room: Room,
  sums: GradientRoom,
  tiles: number,
  accumulate: number,
): Step {
  const { slice, worker } = block;
  const { scratch, scratchWorker } = layout.forward;
  return {
    kernel: "gemm_gradient",
    fields: {
      input: windowsOf(block),
      inputPlane: room.windowsPlane,
      inputRow: room.windowsRow,
      gradient: productsOf(block),
      gradientPlane: room.gradientsPlane,
      gradientPanel: room.gradientsPanel,
      output: sums.address + slice.tower * sums.tower,
      outputPlane: sums.plane,
      depth: sums.depth,
      rows: tiles,
      panelFrom: slice.panels[0],
      panelTo: slice.panels[1],
      accumulate,
      scratch: scratch + worker * scratchWorker,
    },
  };
}
