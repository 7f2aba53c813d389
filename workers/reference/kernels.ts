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
import { averagePooling, maxPooling } from "./pooling.js";
import { spaceToDepth } from "./space-to-depth.js";
import { winogradInput, winogradOutput } from "./winograd.js";
import { activation, normalisation } from "./pointwise.js";

export function referenceKernels(memory: SharedMemory): ForwardKernels {
  const view = new DataView(memory.buffer);
  const values = new Float32Array(memory.buffer);
  const bind =
    <K extends ForwardKernelName>(
      name: K,
      run: (values: Float32Array, step: StepOf<K>, inputImage: number, outputImage: number) => void,
    ): Kernel =>
    (stepAddress, inputImage, outputImage) => {
      run(values, readStep(view, stepAddress, name), inputImage, outputImage);
    };
  const convolve = bind("conv_tile", (all, step, inputImage, outputImage) => {
    convolution(all, step, inputImage, outputImage, REFERENCE_PANEL);
  });
  return {
    space_to_depth: bind("space_to_depth", spaceToDepth),
    conv_tile: convolve,
    conv_row: convolve,
    conv_row_bf16: bind("conv_row_bf16", (all, step, inputImage, outputImage) => {
      convolution(all, step, inputImage, outputImage, REFERENCE_PANEL, expandedPanel);
    }),
    expand: bind("expand", (all, step, inputPanel, outputPanel) => {
      expand(all, step, inputPanel, outputPanel, REFERENCE_PANEL);
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
