/**
 * The records that tell a kernel what to do, field by field as in workers/kernels/steps.ts, and how they are written
 * to and read from the shared memory. Addresses, strides and distances are in bytes; lengths and counts in elements.
 */

import { GRADIENT_KERNEL_FIELDS } from "./gradient-steps.js";

export const CONVOLUTION_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "inputColumn",
  "output",
  "outputImage",
  "outputRow",
  "outputColumn",
  "weights",
  "bias",
  "outerRuns",
  "outerStride",
  "innerRuns",
  "innerStride",
  "runLength",
  "columns",
  "positionFrom",
  "positionTo",
  "panelFrom",
  "panelTo",
  "channels",
  "scratch",
  "floor",
] as const;

export const GEMM_FIELDS = [
  "input",
  "inputPlane",
  "inputRow",
  "output",
  "outputPlane",
  "outputRow",
  "weights",
  "weightsPlane",
  "depth",
  "rows",
  "panelFrom",
  "panelTo",
] as const;

export const EXPAND_FIELDS = ["input", "inputPanel", "output", "outputPanel", "depth"] as const;

export const SPACE_TO_DEPTH_FIELDS = [
  "input",
  "inputImage",
  "inputChannel",
  "inputRow",
  "output",
  "outputImage",
  "outputRow",
  "outputColumn",
  "channels",
  "columns",
  "blockSize",
  "paddingTop",
  "paddingLeft",
  "rowFrom",
  "rowTo",
  "notFinite",
] as const;

export const WINOGRAD_INPUT_FIELDS = [
  "input",
  "inputImage",
  "inputTower",
  "inputRow",
  "inputColumn",
  "output",
  "outputImage",
  "outputPlane",
  "towers",
  "channels",
  "tileStep",
  "tileRows",
  "tileColumns",
  "scratch",
] as const;

export const WINOGRAD_OUTPUT_FIELDS = [
  "input",
  "inputImage",
  "inputTile",
  "inputPlane",
  "output",
  "outputImage",
  "outputRow",
  "outputColumn",
  "outputRows",
  "outputColumns",
  "channelFrom",
  "channelTo",
  "bias",
  "scratch",
  "floor",
] as const;

export const POOLING_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "output",
  "outputImage",
  "outputRow",
  "channels",
  "inputRows",
  "inputColumns",
  "outputColumns",
  "kernelRows",
  "kernelColumns",
  "strideRows",
  "strideColumns",
  "paddingTop",
  "paddingLeft",
  "rowFrom",
  "rowTo",
] as const;

export const AVERAGE_POOLING_FIELDS = [
  ...POOLING_FIELDS,
  "countedTop",
  "countedLeft",
  "countedBottom",
  "countedRight",
] as const;

export const NORMALISATION_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "output",
  "outputImage",
  "outputRow",
  "channels",
  "columns",
  "rowFrom",
  "rowTo",
  "before",
  "after",
  "below",
  "above",
  "scratch",
  "alpha",
  "beta",
  "k",
] as const;

export const ACTIVATION_FIELDS = [
  "input",
  "inputImage",
  "inputRow",
  "output",
  "outputImage",
  "outputRow",
  "rowLength",
  "rowFrom",
  "rowTo",
  "floor",
  "scale",
] as const;

/** Fields that hold a float32; all others hold an int32. */
const FLOAT_FIELDS: ReadonlySet<string> = new Set(["floor", "scale", "alpha", "beta", "k"]);

type Record32<Fields extends readonly string[]> = Readonly<Record<Fields[number], number>>;
export type ConvolutionStep = Record32<typeof CONVOLUTION_FIELDS>;
export type GemmStep = Record32<typeof GEMM_FIELDS>;
export type ExpandStep = Record32<typeof EXPAND_FIELDS>;
export type SpaceToDepthStep = Record32<typeof SPACE_TO_DEPTH_FIELDS>;
export type WinogradInputStep = Record32<typeof WINOGRAD_INPUT_FIELDS>;
export type WinogradOutputStep = Record32<typeof WINOGRAD_OUTPUT_FIELDS>;
export type PoolingStep = Record32<typeof POOLING_FIELDS>;
export type AveragePoolingStep = Record32<typeof AVERAGE_POOLING_FIELDS>;
export type NormalisationStep = Record32<typeof NORMALISATION_FIELDS>;
export type ActivationStep = Record32<typeof ACTIVATION_FIELDS>;

/** The kernels of a forward pass by the name of their export, each with the fields of its step. */
export const FORWARD_KERNEL_FIELDS = {
  space_to_depth: SPACE_TO_DEPTH_FIELDS,
  conv_tile: CONVOLUTION_FIELDS,
  conv_row: CONVOLUTION_FIELDS,
  conv_row_bf16: CONVOLUTION_FIELDS,
  expand: EXPAND_FIELDS,
  gemm: GEMM_FIELDS,
  winograd_input: WINOGRAD_INPUT_FIELDS,
  winograd_output_5: WINOGRAD_OUTPUT_FIELDS,
  winograd_output_3: WINOGRAD_OUTPUT_FIELDS,
  max_pooling: POOLING_FIELDS,
  average_pooling: AVERAGE_POOLING_FIELDS,
  normalisation: NORMALISATION_FIELDS,
  activation: ACTIVATION_FIELDS,
} as const;

/** Those, and the kernels that only training needs, which are a module of their own. */
export const KERNEL_FIELDS = { ...FORWARD_KERNEL_FIELDS, ...GRADIENT_KERNEL_FIELDS } as const;

export type ForwardKernelName = keyof typeof FORWARD_KERNEL_FIELDS;
export type GradientKernelName = keyof typeof GRADIENT_KERNEL_FIELDS;
export type KernelName = ForwardKernelName | GradientKernelName;
export const FORWARD_KERNEL_NAMES = Object.keys(FORWARD_KERNEL_FIELDS) as ForwardKernelName[];
export const GRADIENT_KERNEL_NAMES = Object.keys(GRADIENT_KERNEL_FIELDS) as GradientKernelName[];
export const KERNEL_NAMES: readonly KernelName[] = [...FORWARD_KERNEL_NAMES, ...GRADIENT_KERNEL_NAMES];

/** What each kernel is told. */
export type StepOf<K extends KernelName> = Record32<(typeof KERNEL_FIELDS)[K]>;

/** Room for the longest step, in bytes. */
export const STEP_BYTES = 96;

/** Runs one step: `inputImage` and `outputImage` are slots of the tensors that it reads and writes, planes or panels. */
export type Kernel = (stepAddress: number, inputImage: number, outputImage: number) => void;
export type ForwardKernels = Readonly<Record<ForwardKernelName, Kernel>>;
export type GradientKernels = Readonly<Record<GradientKernelName, Kernel>>;

/** A kernel and what it is told. */
export type Step = { [K in KernelName]: { readonly kernel: K; readonly fields: StepOf<K> } }[KernelName];

/** The same for the kernels of a forward pass alone. */
export type ForwardStep = Extract<Step, { kernel: ForwardKernelName }>;

export const isForwardStep = (step: Step): step is ForwardStep =>
  Object.hasOwn(FORWARD_KERNEL_FIELDS, step.kernel);

/** Writes a step at a byte address of the shared memory. */
export function writeStep(memory: DataView, address: number, { kernel, fields }: Step): void {
  const values: Readonly<Record<string, number>> = fields;
  KERNEL_FIELDS[kernel].forEach((field, index) => {
    if (FLOAT_FIELDS.has(field)) memory.setFloat32(address + 4 * index, values[field], true);
    else memory.setInt32(address + 4 * index, values[field], true);
  });
}

/** Reads back what `writeStep` wrote. */
export function readStep<K extends KernelName>(memory: DataView, address: number, kernel: K): StepOf<K> {
  const entries = KERNEL_FIELDS[kernel].map((field, index) => [
    field,
    FLOAT_FIELDS.has(field)
      ? memory.getFloat32(address + 4 * index, true)
      : memory.getInt32(address + 4 * index, true),
  ]);
  return Object.fromEntries(entries) as StepOf<K>;
}
