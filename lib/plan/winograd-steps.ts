/** The steps of a convolution by Winograd: transform the windows, 49 products, transform back. */
import { PLANES } from "../../workers/winograd.js";
import type { Step } from "../../workers/steps.js";
import type { Winograd } from "./algorithm.js";
import type { PackedWeights } from "./memory.js";
import type { ConvolutionOperation } from "./operations.js";
import { pieces, type Range, type Slice } from "./partition.js";
import type { StepContext } from "./steps.js";
import { blockingOf, blockRoom, tiledRows, type BlockRoom } from "./winograd-blocks.js";

/** What a worker runs for tiles that go through the products together: of some images, or of a part of one. */
export interface WinogradBlock {
  /** Images, [from, to). */
  readonly images: Range;
  /** Transforms the windows of one image. */
  readonly input: Step;
  /** Multiplies one plane. */
  readonly multiply: Step;
  /** Transforms the products of one image back. */
  readonly output: Step;
}

/** Whose windows are transformed, and to where. */
export interface WindowsContext {
  readonly context: StepContext;
  readonly operation: ConvolutionOperation;
  readonly winograd: Winograd;
  readonly room: Pick<BlockRoom, "windowsRow" | "windowsPlane">;
  readonly slice: Slice;
  readonly worker: number;
}

/** What the steps of an operation's blocks have in common. */
interface BlockContext extends WindowsContext {
  readonly packed: PackedWeights;
  readonly room: BlockRoom;
}

/** From images of a slice to their blocks. */
export type WinogradBlocks = (images: Range) => WinogradBlock[];

/** Blocks of the same rows and as many images share their steps. */
export function winogradBlocks(
  context: StepContext,
  operation: ConvolutionOperation,
  winograd: Winograd,
  slice: Slice,
  worker: number,
): WinogradBlocks {
  const { wave, tile, memory } = context;
  const packed = memory.packed.get(operation.index);
  if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
  const blocking = blockingOf(winograd, wave);
  const room = blockRoom(winograd, wave, packed, tile);
  const block: BlockContext = { context, operation, winograd, packed, room, slice, worker };
  const known = new Map<string, Omit<WinogradBlock, "images">>();
  const stepsOf = (images: number, rows: Range) => {
    const key = `${images} ${rows[0]}`;
    const steps = known.get(key) ?? {
      input: inputStep(block, rows),
      multiply: multiplyStep(block, images * tilesOf(winograd, rows)),
      output: outputStep(block, rows),
    };
    known.set(key, steps);
    return steps;
  };
  const parts = pieces([0, winograd.tileRows], blocking.tileRows);
  return (all) =>
    pieces(all, blocking.images).flatMap((images) =>
      parts.map((rows) => ({ images, ...stepsOf(images[1] - images[0], rows) })),
    );
}

/** Where a worker's windows begin, and behind them its products. */
export const windowsOf = ({ context: { memory }, worker }: WindowsContext): number =>
  memory.transforms + worker * memory.transformsWorker;

export const productsOf = (block: WindowsContext): number =>
  windowsOf(block) + block.context.memory.productsOffset;

/** Transforms the windows of some rows of tiles of one image. */
export function inputStep(block: WindowsContext, rows: Range): Step {
  const { context, operation, winograd, room, slice, worker } = block;
  const { graph, memory } = context;
  const { layer } = operation;
  const input = memory.placements[operation.input];
  const grouped = layer.groups > 1;
  const [top, left] = winograd.blockSize === 1 ? layer.padding : [0, 0];
  const corner = input.offset - top * input.row - left * input.column;
  return {
    kernel: "winograd_input",
    fields: {
      input: corner + (grouped ? slice.tower * input.tower : 0) + rows[0] * winograd.outputs * input.row,
      inputImage: input.image,
      inputTower: input.tower,
      inputRow: input.row,
      inputColumn: input.column,
      output: windowsOf(block),
      outputImage: tilesOf(winograd, rows) * room.windowsRow,
      outputPlane: room.windowsPlane,
      towers: grouped ? 1 : graph.tensors[operation.input].towers,
      channels: input.channels,
      tileStep: winograd.outputs,
      tileRows: rows[1] - rows[0],
      tileColumns: winograd.tileColumns,
      scratch: memory.scratch + worker * memory.scratchWorker,
    },
  };
}

function multiplyStep(block: BlockContext, tiles: number): Step {
  const { context, packed, room, slice } = block;
  return {
    kernel: "gemm",
    fields: {
      input: windowsOf(block),
      inputPlane: room.windowsPlane,
      inputRow: room.windowsRow,
      output: productsOf(block),
      outputPlane: room.productsPlane,
      outputRow: room.productsRow,
      weights: packed.weights + slice.tower * packed.weightsTower,
      weightsPlane: packed.plane,
      depth: packed.depth,
      rows: tiledRows(tiles, context.tile),
      panelFrom: slice.panels[0],
      panelTo: slice.panels[1],
    },
  };
}

function outputStep(block: BlockContext, rows: Range): Step {
  const { context, operation, winograd, packed, room, slice, worker } = block;
  const { memory } = context;
  const output = memory.placements[operation.output];
  const [, height, width] = operation.shaped.output;
  const first = rows[0] * winograd.outputs;
  return {
    kernel: winograd.outputs === 5 ? "winograd_output_5" : "winograd_output_3",
    fields: {
      input: productsOf(block),
      inputImage: tilesOf(winograd, rows) * room.productsRow,
      inputTile: room.productsRow,
      inputPlane: room.productsPlane,
      output: output.offset + slice.tower * output.tower + first * output.row,
      outputImage: output.image,
      outputRow: output.row,
      outputColumn: output.column,
      outputRows: Math.min(height, rows[1] * winograd.outputs) - first,
      outputColumns: width,
      channelFrom: slice.panels[0] * memory.panel,
      channelTo: Math.min(slice.panels[1] * memory.panel, output.channels),
      bias: packed.bias + slice.tower * packed.biasTower,
      scratch: memory.scratch + worker * memory.scratchWorker,
      floor: operation.rectified ? 0 : -Infinity,
    },
  };
}

const tilesOf = (winograd: Winograd, rows: Range): number => (rows[1] - rows[0]) * winograd.tileColumns;

/** The products between the two transforms of a block, in the order in which they run. */
export const PRODUCT_PLANES = Array.from({ length: PLANES }, (_, plane) => plane);
