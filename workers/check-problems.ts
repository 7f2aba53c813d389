/** Small problems for the kernels in which nearly all of the work is, and where they lie in a memory of their own. */
import { convolution } from "./reference/convolution.js";
import { gemm } from "./reference/gemm.js";
import { winogradInput, winogradOutput } from "./reference/winograd.js";
import {
  STEP_BYTES,
  type ConvolutionStep,
  type GemmStep,
  type ForwardStep,
  type WinogradInputStep,
  type WinogradOutputStep,
} from "./steps.js";
import { B_TRANSPOSED, outputTransform, PLANES, POINTS } from "./winograd.js";

export interface Problem {
  readonly step: ForwardStep;
  /** Elements from OUTPUT on, all of which the step writes. */
  readonly outputs: number;
  /** The greatest difference allowed. */
  readonly bound: number;
  /** Does the same as the kernel. */
  readonly reference: (values: Float32Array) => void;
}

/** Room for each of inputs, weights and outputs, in elements. */
export const ROOM = 8192;
/** Behind the constants of the compiled kernels. */
export const STEPS = 65536;
const SCRATCH = STEPS + 16 * STEP_BYTES;
export const INPUT = SCRATCH + 4096;
export const WEIGHTS = INPUT + 4 * ROOM;
export const OUTPUT = WEIGHTS + 4 * ROOM;
export const PAGES = Math.ceil((OUTPUT + 4 * ROOM) / 65536);

/** Inputs are in [-1, 1), weights and biases in [-1/16, 1/16). */
export const LARGEST_WEIGHT = 1 / 16;
/** Cuts some of the outputs off, not most. */
const FLOOR = -0.25;
/** Output channels: whole panels of every set. */
const OUT = 32;

/** n roundings to float32 are at most this share of the sum of magnitudes (Higham). */
const roundings = (n: number): number => (n * 2 ** -24) / (1 - n * 2 ** -24);

/** Rounding errors of a sum of `terms` products and a bias, and of the expected value. */
const sumBound = (terms: number): number => roundings(terms + 2) * (terms + 1) * LARGEST_WEIGHT;

/** Those of two passes of a transform over inputs below 1, and of what is added to it. */
function transformBound(matrix: readonly (readonly number[])[], added: number): number {
  const largestRow = Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  return roundings(4 * POINTS + 2) * (largestRow ** 2 + added);
}

/** @param panel output channels of a panel, NR */
export function problemsFor(panel: number): readonly Problem[] {
  return [
    ...convolutions(panel),
    product(panel),
    inputTransform(),
    outputTransformOf("winograd_output_5", 5),
    outputTransformOf("winograd_output_3", 3),
  ];
}

/** 3 x 3 over 7 x 7: 25 positions, which no tile divides. */
function convolutions(panel: number): Problem[] {
  const [size, kernel, channels] = [7, 3, 8];
  const columns = size - kernel + 1;
  const depth = kernel * kernel * channels;
  const fields: ConvolutionStep = {
    input: INPUT,
    inputImage: 0,
    inputRow: size * channels * 4,
    inputColumn: channels * 4,
    output: OUTPUT,
    outputImage: 0,
    outputRow: columns * OUT * 4,
    outputColumn: OUT * 4,
    weights: WEIGHTS,
    bias: WEIGHTS + 4 * OUT * depth,
    outerRuns: 1,
    outerStride: 0,
    innerRuns: kernel,
    innerStride: size * channels * 4,
    runLength: kernel * channels,
    columns,
    positionFrom: 0,
    positionTo: columns ** 2,
    panelFrom: 0,
    panelTo: OUT / panel,
    channels: OUT,
    scratch: SCRATCH,
    floor: FLOOR,
  };
  return (["conv_tile", "conv_row"] as const).map((name) => ({
    step: { kernel: name, fields },
    outputs: columns ** 2 * OUT,
    bound: sumBound(depth),
    reference: (values) => {
      convolution(values, fields, 0, 0, panel);
    },
  }));
}

function product(panel: number): Problem {
  // whole tiles, and the narrower one for what is left, of both 4 + 4 + 1 and 6 + 3 rows
  const [rows, depth] = [9, 40];
  const fields: GemmStep = {
    input: INPUT,
    inputPlane: 0,
    inputRow: depth * 4,
    output: OUTPUT,
    outputPlane: 0,
    outputRow: OUT * 4,
    weights: WEIGHTS,
    weightsPlane: 0,
    depth,
    rows,
    panelFrom: 0,
    panelTo: OUT / panel,
  };
  return {
    step: { kernel: "gemm", fields },
    outputs: rows * OUT,
    bound: sumBound(depth),
    reference: (values) => {
      gemm(values, fields, 0, 0, panel);
    },
  };
}

function inputTransform(): Problem {
  const [towers, channels, tileStep, tileRows, tileColumns] = [2, 8, 3, 2, 2];
  const columns = (tileColumns - 1) * tileStep + POINTS;
  const plane = tileRows * tileColumns * towers * channels;
  const fields: WinogradInputStep = {
    input: INPUT,
    inputImage: 0,
    inputTower: ((tileRows - 1) * tileStep + POINTS) * columns * channels * 4,
    inputRow: columns * channels * 4,
    inputColumn: channels * 4,
    output: OUTPUT,
    outputImage: 0,
    outputPlane: plane * 4,
    towers,
    channels,
    tileStep,
    tileRows,
    tileColumns,
    scratch: SCRATCH,
  };
  return {
    step: { kernel: "winograd_input", fields },
    outputs: PLANES * plane,
    bound: transformBound(B_TRANSPOSED, 0),
    reference: (values) => {
      winogradInput(values, fields, 0, 0);
    },
  };
}

/** Four tiles, of which three end outside the map. */
function outputTransformOf(kernel: "winograd_output_5" | "winograd_output_3", outputs: number): Problem {
  const [channels, size, tiles] = [8, outputs + 1, 4];
  const fields: WinogradOutputStep = {
    input: INPUT,
    inputImage: 0,
    inputTile: channels * 4,
    inputPlane: tiles * channels * 4,
    output: OUTPUT,
    outputImage: 0,
    outputRow: size * channels * 4,
    outputColumn: channels * 4,
    outputRows: size,
    outputColumns: size,
    channelFrom: 0,
    channelTo: channels,
    bias: WEIGHTS,
    scratch: SCRATCH,
    floor: FLOOR,
  };
  return {
    step: { kernel, fields },
    outputs: size ** 2 * channels,
    bound: transformBound(outputTransform(outputs), LARGEST_WEIGHT),
    reference: (values) => {
      winogradOutput(values, fields, 0, 0, outputs);
    },
  };
}
