/** The steps of a convolution by Winograd: transform the windows, 49 products, transform back. */
import { PLANES } from "../../workers/winograd.js";
import type { Step } from "../../workers/steps.js";
import { blockBytes, blockImages, wholeTiles, type Winograd } from "./algorithm.js";
import type { ConvolutionOperation } from "./operations.js";
import type { Range, Slice } from "./partition.js";
import type { StepContext } from "./steps.js";

/** What a worker runs for a slice, block by block; `planes` products between the two transforms. */
export interface WinogradBlock {
  /** Images of the slice, [from, to). */
  readonly images: Range;
  readonly input: Step;
  readonly multiply: Step;
  readonly output: Step;
}

/** The blocks of a slice; blocks of one size share their steps. */
export function winogradBlocks(
  context: StepContext,
  operation: ConvolutionOperation,
  winograd: Winograd,
  slice: Slice,
  worker: number,
): WinogradBlock[] {
  const size = blockImages(winograd, context.wave);
  const [from, to] = slice.images;
  const steps = new Map<number, Omit<WinogradBlock, "images">>();
  return Array.from({ length: Math.ceil((to - from) / size) }, (_, index) => {
    const images: Range = [from + index * size, Math.min(from + (index + 1) * size, to)];
    const count = images[1] - images[0];
    const shared = steps.get(count) ?? blockSteps(context, operation, winograd, slice, worker, size, count);
    steps.set(count, shared);
    return { images, ...shared };
  });
}

function blockSteps(
  { graph, memory, tile }: StepContext,
  operation: ConvolutionOperation,
  winograd: Winograd,
  slice: Slice,
  worker: number,
  blockSize: number,
  images: number,
): Omit<WinogradBlock, "images"> {
  const { layer } = operation;
  const input = memory.placements[operation.input];
  const output = memory.placements[operation.output];
  const packed = memory.packed.get(operation.index);
  if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
  const grouped = layer.groups > 1;
  const towers = grouped ? 1 : graph.tensors[operation.input].towers;
  const [top, left] = winograd.blockSize === 1 ? layer.padding : [0, 0];
  const corner = input.offset - top * input.row - left * input.column;
  const tiles = winograd.tileRows * winograd.tileColumns;
  const { panel } = memory;
  const rowBytes = { windows: towers * input.channels * 4, products: packed.panels * panel * 4 };
  const room = blockBytes(blockSize * tiles, rowBytes, tile);
  const windows = memory.transforms + worker * memory.transformsWorker;
  const products = windows + memory.productsOffset;
  const shape = operation.shaped.output;
  const scratch = memory.scratch + worker * memory.scratchWorker;
  return {
    input: {
      kernel: "winograd_input",
      fields: {
        input: corner + (grouped ? slice.tower * input.tower : 0),
        inputImage: input.image,
        inputTower: input.tower,
        inputRow: input.row,
        inputColumn: input.column,
        output: windows,
        outputImage: tiles * rowBytes.windows,
        outputPlane: room.windowsPlane,
        towers,
        channels: input.channels,
        tileStep: winograd.outputs,
        tileRows: winograd.tileRows,
        tileColumns: winograd.tileColumns,
        scratch,
      },
    },
    multiply: {
      kernel: "gemm",
      fields: {
        input: windows,
        inputPlane: room.windowsPlane,
        inputRow: rowBytes.windows,
        output: products,
        outputPlane: room.productsPlane,
        outputRow: rowBytes.products,
        weights: packed.weights + slice.tower * packed.weightsTower,
        weightsPlane: packed.plane,
        depth: packed.depth,
        rows: wholeTiles(images * tiles, tile),
        panelFrom: slice.panels[0],
        panelTo: slice.panels[1],
      },
    },
    output: {
      kernel: winograd.outputs === 5 ? "winograd_output_5" : "winograd_output_3",
      fields: {
        input: products,
        inputImage: tiles * rowBytes.products,
        inputTile: rowBytes.products,
        inputPlane: room.productsPlane,
        output: output.offset + slice.tower * output.tower,
        outputImage: output.image,
        outputRow: output.row,
        outputColumn: output.column,
        outputRows: shape[1],
        outputColumns: shape[2],
        channelFrom: slice.panels[0] * panel,
        channelTo: Math.min(slice.panels[1] * panel, output.channels),
        bias: packed.bias + slice.tower * packed.biasTower,
        scratch,
        floor: operation.rectified ? 0 : -Infinity,
      },
    },
  };
}

/** The products between the two transforms of a block, in the order in which they run. */
export const PRODUCT_PLANES = Array.from({ length: PLANES }, (_, plane) => plane);
