/**
 * The kernels in plain TypeScript: their definition, the oracle of their tests, and what runs where WebAssembly SIMD
 * does not. Sums are taken in float64 and rounded once, when stored.
 */
import type { SharedMemory } from "../protocol.js";
import { readStep, type Kernel, type ForwardKernelName, type ForwardKernels, type StepOf } from "../steps.js";
import { expand, expandedPanel } from "./bfloat16.js";
import { convolution } from "./convolution.js";
import { gemm } from "./gemm.js";
import { REFERENCE_PANEL } from "./panel.js";
import { activation, normalisation } from "./pointwise.js";
import { averagePooling, maxPooling } from "./pooling.js";
import { spaceToDepth } from "./space-to-depth.js";
import type { Values } from "./values.js";
import { winogradInput, winogradOutput } from "./winograd.js";

export const referenceKernels = ({ buffer }: SharedMemory): ForwardKernels =>
  bindReference(new DataView(buffer), new Float32Array(buffer));

/** Over steps and words of one memory and `values`, which are the same memory's elements or a copy in float64. */
export function bindReference(memory: DataView, values: Values): ForwardKernels {
  const bind =
    <K extends ForwardKernelName>(
      name: K,
      run: (values: Values, step: StepOf<K>, inputImage: number, outputImage: number) => void,
    ): Kernel =>
    (stepAddress, inputImage, outputImage) => {
      run(values, readStep(memory, stepAddress, name), inputImage, outputImage);
    };
  const convolve = bind("conv_tile", (all, step, inputImage, outputImage) => {
    convolution(all, step, inputImage, outputImage, REFERENCE_PANEL);
  });
  return {
    space_to_depth: bind("space_to_depth", (all, step, inputImage, outputImage) => {
      spaceToDepth(all, step, inputImage, outputImage, memory);
    }),
    conv_tile: convolve,
    conv_row: convolve,
    conv_row_bf16: bind("conv_row_bf16", (all, step, inputImage, outputImage) => {
      convolution(all, step, inputImage, outputImage, REFERENCE_PANEL, (_, ...panel) =>
        expandedPanel(memory, ...panel),
      );
    }),
    expand: bind("expand", (all, step, inputPanel, outputPanel) => {
      expand(all, step, inputPanel, outputPanel, REFERENCE_PANEL, memory);
    }),
    gemm: bind("gemm", (all, step, inputPlane, outputPlane) => {
      gemm(all, step, inputPlane, outputPlane, REFERENCE_PANEL);
    }),
    winograd_input: bind("winograd_input", winogradInput),
    winograd_output_5: bind("winograd_output_5", (all, step, inputImage, outputImage) => {
      winogradOutput(all, step, inputImage, outputImage, 5);
    }),
    winograd_output_3: bind("winograd_output_3", (all, step, inputImage, outputImage) => {
      winogradOutput(all, step, inputImage, outputImage, 3);
    }),
    max_pooling: bind("max_pooling", maxPooling),
    average_pooling: bind("average_pooling", averagePooling),
    normalisation: bind("normalisation", normalisation),
    activation: bind("activation", activation),
  };
}
