/** The steps of a convolution by Winograd: transform the windows, 49 products, transform back. */
import { PLANES } from "../../workers/winograd.js";
import type { Step } from "../../workers/steps.js";
import { blockImages, planeBytes, type Winograd } from "./algorithm.js";
import type { ConvolutionOperation } from "./operations.js";
import type { Range, Slice } from "./partition.js";
import { packedFields, type StepContext } from "./steps.js";

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
  { graph, memory }: StepContext,
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
  const grouped = layer.groups > 1;
  const towers = grouped ? 1 : graph.tensors[operation.input].towers;
  const [top, left] = winograd.blockSize === 1 ? layer.padding : [0, 0];
  const corner = input.offset - top * input.row - left * input.column;
  const tiles = winograd.tileRows * winograd.tileColumns;
  const { panel } = memory;
  const packed = packedFields({ graph, memory }, operation, slice, worker);
  const windowsTile = towers * input.channels * 4;
  const productsTile = output.channels * 4;
  const windowsPlane = planeBytes(blockSize * tiles * windowsTile);
  const productsPlane = planeBytes(blockSize * tiles * productsTile);
  const windows = memory.transforms + worker * memory.transformsWorker;
  const products = windows + memory.productsOffset;
  const shape = operation.shaped.output;
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
        outputImage: tiles * windowsTile,
        outputPlane: windowsPlane,
        towers,
        channels: input.channels,
        tileStep: winograd.outputs,
        tileRows: winograd.tileRows,
        tileColumns: winograd.tileColumns,
        scratch: packed.scratch,
      },
    },
    // a matrix product for each plane, as a convolution with tiles as positions and planes as images
    multiply: {
      kernel: "conv_tile",
      fields: {
        ...packed,
        weightsImage: memory.packed.get(operation.index)?.plane ?? 0,
        bias: memory.zeros,
        floor: -Infinity,
        input: windows,
        inputImage: windowsPlane,
        inputRow: 0,
        inputColumn: windowsTile,
        output: products,
        outputImage: productsPlane,
        outputRow: 0,
        outputColumn: productsTile,
        outerRuns: 1,
        outerStride: 0,
        innerRuns: 1,
        innerStride: 0,
        runLength: towers * input.channels,
        columns: images * tiles,
        positionFrom: 0,
        positionTo: images * tiles,
      },
    },
    output: {
      kernel: winograd.outputs === 5 ? "winograd_output_5" : "winograd_output_3",
      fields: {
        input: products,
        inputImage: tiles * productsTile,
        inputTile: productsTile,
        inputPlane: productsPlane,
        output: output.offset + slice.tower * output.tower,
        outputImage: output.image,
        outputRow: output.row,
        outputColumn: output.column,
        outputRows: shape[1],
        outputColumns: shape[2],
        channelFrom: slice.panels[0] * panel,
        channelTo: Math.min(slice.panels[1] * panel, output.channels),
        bias: packed.bias,
        scratch: packed.scratch,
        floor: packed.floor,
      },
    },
  };
}

/** The products between the two transforms of a block, in the order in which they run. */
export const PRODUCT_PLANES = Array.from({ length: PLANES }, (_, plane) => plane);
