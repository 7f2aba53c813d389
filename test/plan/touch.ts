/** Which bytes a step reads and writes, kernel by kernel, as the kernels' docstrings say it. */
import type { Tile } from "../../lib/plan/tile.js";
import type { StepCommand } from "../../lib/plan/commands.js";
import {
  isForwardStep,
  type ActivationStep,
  type ConvolutionStep,
  type ExpandStep,
  type GemmStep,
  type NormalisationStep,
  type PoolingStep,
  type SpaceToDepthStep,
  type WinogradInputStep,
  type WinogradOutputStep,
} from "../../workers/steps.js";
import { PLANES, POINTS } from "../../workers/winograd.js";

/** `count` words from a byte address on. */
export interface Touch {
  readonly address: number;
  readonly count: number;
}

export interface Visitor {
  scratch(address: number, bytes: number): void;
  parameters(parameters: Touch): void;
  /** A word of the control region that several workers may set, to the same value. */
  flag(address: number): void;
  /** The weights and biases of a convolution's panels; weights may lie where an expansion has put them. */
  weights(weights: Touch, bias: Touch): void;
  /** A panel of bfloat16 weights, and where it is put as float32. */
  expansion(from: Touch, to: Touch): void;
  /**
   * A row of windows and its products. Behind the last one lies a rest up to a whole tile: then it may be anything,
   * and so are its products, which nobody may read.
   */
  product(row: Touch, sums: Touch): void;
  /** Outputs that are made of one set of inputs: both of one image. */
  output(reads: Iterable<Touch>, writes: Iterable<Touch>): void;
}

export function touch({ step, inputImage, outputImage }: StepCommand, tile: Tile, visitor: Visitor): void {
  if (!isForwardStep(step)) throw new RangeError(`${step.kernel} is no kernel of a forward pass`);
  switch (step.kernel) {
    case "conv_tile":
    case "conv_row":
      convolution(step.fields, inputImage, outputImage, 4, tile, visitor);
      break;
    case "conv_row_bf16":
      convolution(step.fields, inputImage, outputImage, 2, tile, visitor);
      break;
    case "expand":
      expand(step.fields, inputImage, outputImage, tile, visitor);
      break;
    case "gemm":
      gemm(step.fields, inputImage, outputImage, tile, visitor);
      break;
    case "space_to_depth":
      spaceToDepth(step.fields, inputImage, outputImage, visitor);
      break;
    case "winograd_input":
      winogradInput(step.fields, inputImage, outputImage, visitor);
      break;
    case "winograd_output_3":
      winogradOutput(step.fields, inputImage, outputImage, 3, visitor);
      break;
    case "winograd_output_5":
      winogradOutput(step.fields, inputImage, outputImage, 5, visitor);
      break;
    case "max_pooling":
    case "average_pooling":
      pooling(step.fields, inputImage, outputImage, visitor);
      break;
    case "normalisation":
      normalisation(step.fields, inputImage, outputImage, visitor);
      break;
    case "activation":
      activation(step.fields, inputImage, outputImage, visitor);
      break;
  }
}

function convolution(
  f: ConvolutionStep,
  inputImage: number,
  outputImage: number,
  weightBytes: number,
  tile: Tile,
  visitor: Visitor,
) {
  const depth = f.outerRuns * f.innerRuns * f.runLength;
  const first = f.panelFrom * tile.panel;
  const channels = Math.min(f.channels, f.panelTo * tile.panel) - first;
  visitor.scratch(f.scratch, 128 + Math.max(tile.rows, 4) * tile.panel * 4);
  const all = (f.panelTo - f.panelFrom) * tile.panel;
  visitor.weights(
    { address: f.weights + weightBytes * first * depth, count: (all * depth * weightBytes) / 4 },
    { address: f.bias + 4 * first, count: all },
  );
  for (let position = f.positionFrom; position < f.positionTo; position++) {
    const row = Math.floor(position / f.columns);
    const column = position % f.columns;
    const input = f.input + inputImage * f.inputImage + row * f.inputRow + column * f.inputColumn;
    const output = f.output + outputImage * f.outputImage + row * f.outputRow + column * f.outputColumn;
    const reads: Touch[] = [];
    for (let outer = 0; outer < f.outerRuns; outer++)
      for (let inner = 0; inner < f.innerRuns; inner++)
        reads.push({ address: input + outer * f.outerStride + inner * f.innerStride, count: f.runLength });
    visitor.output(reads, [{ address: output + 4 * first, count: channels }]);
  }
}

function gemm(f: GemmStep, inputPlane: number, outputPlane: number, tile: Tile, visitor: Visitor) {
  const panels = f.panelTo - f.panelFrom;
  visitor.parameters({
    address: f.weights + inputPlane * f.weightsPlane + 4 * f.panelFrom * f.depth * tile.panel,
    count: panels * f.depth * tile.panel,
  });
  if (![0, tile.rest].includes(f.rows % tile.rows)) throw new Error(`${f.rows} rows are no tiles`);
  for (let row = 0; row < f.rows; row++) {
    const input = f.input + inputPlane * f.inputPlane + row * f.inputRow;
    const output = f.output + outputPlane * f.outputPlane + row * f.outputRow;
    const first = output + 4 * f.panelFrom * tile.panel;
    visitor.product({ address: input, count: f.depth }, { address: first, count: panels * tile.panel });
  }
}

function expand(f: ExpandStep, inputPanel: number, outputPanel: number, tile: Tile, visitor: Visitor) {
  const count = f.depth * tile.panel;
  visitor.expansion(
    { address: f.input + inputPanel * f.inputPanel, count: count / 2 },
    { address: f.output + outputPanel * f.outputPanel, count },
  );
}

function spaceToDepth(f: SpaceToDepthStep, inputImage: number, outputImage: number, visitor: Visitor) {
  visitor.flag(f.notFinite);
  for (let row = f.rowFrom; row < f.rowTo; row++)
    for (let column = 0; column < f.columns; column++) {
      const input = f.input + inputImage * f.inputImage + row * f.inputRow + 4 * column;
      const [y, x] = [row + f.paddingTop, column + f.paddingLeft];
      const block = Math.floor(y / f.blockSize) * f.outputRow + Math.floor(x / f.blockSize) * f.outputColumn;
      const pixel = (y % f.blockSize) * f.blockSize + (x % f.blockSize);
      const reads = Array.from({ length: f.channels }, (_, channel) => ({
        address: input + channel * f.inputChannel,
        count: 1,
      }));
      const output = f.output + outputImage * f.outputImage + block + 4 * pixel * f.channels;
      visitor.output(reads, [{ address: output, count: f.channels }]);
    }
}

function winogradInput(f: WinogradInputStep, inputImage: number, outputImage: number, visitor: Visitor) {
  visitor.scratch(f.scratch, PLANES * 8 * 4);
  const all = f.towers * f.channels;
  for (let tile = 0; tile < f.tileRows * f.tileColumns; tile++) {
    const row = Math.floor(tile / f.tileColumns) * f.tileStep;
    const column = (tile % f.tileColumns) * f.tileStep;
    const reads: Touch[] = [];
    for (let tower = 0; tower < f.towers; tower++)
      for (let y = row; y < row + POINTS; y++)
        for (let x = column; x < column + POINTS; x++)
          reads.push({
            address:
              f.input + inputImage * f.inputImage + tower * f.inputTower + y * f.inputRow + x * f.inputColumn,
            count: f.channels,
          });
    const output = f.output + outputImage * f.outputImage + 4 * tile * all;
    visitor.output(reads, planes(output, f.outputPlane, all));
  }
}

function winogradOutput(
  f: WinogradOutputStep,
  inputImage: number,
  outputImage: number,
  outputs: number,
  visitor: Visitor,
) {
  const count = f.channelTo - f.channelFrom;
  visitor.scratch(f.scratch, PLANES * 8 * 4);
  visitor.parameters({ address: f.bias + 4 * f.channelFrom, count });
  for (let row = 0; row < f.outputRows; row++)
    for (let column = 0; column < f.outputColumns; column++) {
      const tile =
        Math.floor(row / outputs) * Math.ceil(f.outputColumns / outputs) + Math.floor(column / outputs);
      const input = f.input + inputImage * f.inputImage + tile * f.inputTile + 4 * f.channelFrom;
      const output = f.output + outputImage * f.outputImage + row * f.outputRow + column * f.outputColumn;
      visitor.output(planes(input, f.inputPlane, count), [{ address: output + 4 * f.channelFrom, count }]);
    }
}

const planes = (first: number, stride: number, count: number): Touch[] =>
  Array.from({ length: PLANES }, (_, plane) => ({ address: first + plane * stride, count }));

function pooling(f: PoolingStep, inputImage: number, outputImage: number, visitor: Visitor) {
  for (let row = f.rowFrom; row < f.rowTo; row++)
    for (let column = 0; column < f.outputColumns; column++) {
      const top = row * f.strideRows - f.paddingTop;
      const left = column * f.strideColumns - f.paddingLeft;
      const from = Math.max(left, 0);
      const count = (Math.min(left + f.kernelColumns, f.inputColumns) - from) * f.channels;
      const reads: Touch[] = [];
      for (let y = Math.max(top, 0); y < Math.min(top + f.kernelRows, f.inputRows); y++)
        reads.push({
          address: f.input + inputImage * f.inputImage + y * f.inputRow + 4 * from * f.channels,
          count,
        });
      const output = f.output + outputImage * f.outputImage + row * f.outputRow;
      visitor.output(reads, [{ address: output + 4 * column * f.channels, count: f.channels }]);
    }
}

function normalisation(f: NormalisationStep, inputImage: number, outputImage: number, visitor: Visitor) {
  visitor.scratch(f.scratch, f.columns * (f.channels + f.before + f.after) * 4);
  for (let row = f.rowFrom; row < f.rowTo; row++)
    for (let column = 0; column < f.columns; column++) {
      const pixel = 4 * column * f.channels;
      const input = f.input + inputImage * f.inputImage + row * f.inputRow + pixel;
      const output = f.output + outputImage * f.outputImage + row * f.outputRow + pixel;
      const reads = [{ address: input, count: f.channels }];
      if (f.below !== 0) reads.push({ address: input + f.below, count: f.before });
      if (f.above !== 0) reads.push({ address: input + f.above, count: f.after });
      visitor.output(reads, [{ address: output, count: f.channels }]);
    }
}

function activation(f: ActivationStep, inputImage: number, outputImage: number, visitor: Visitor) {
  for (let row = f.rowFrom; row < f.rowTo; row++)
    visitor.output(
      [{ address: f.input + inputImage * f.inputImage + row * f.inputRow, count: f.rowLength }],
      [{ address: f.output + outputImage * f.outputImage + row * f.outputRow, count: f.rowLength }],
    );
}
