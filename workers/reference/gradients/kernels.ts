/** The kernels of training in plain TypeScript: their definition, the oracle of their tests, and the fallback. */
import type { SharedMemory } from "../../protocol.js";
import {
  readStep,
  type GradientKernelName,
  type GradientKernels,
  type Kernel,
  type StepOf,
} from "../../steps.js";
import { REFERENCE_PANEL } from "../panel.js";
import type { Values } from "../values.js";
import { flipFilters, gatherRows, transpose } from "./moving.js";
import { normalisationGradient } from "./normalisation.js";
import { biasGradient, dropout, momentumUpdate, rectifierGradient } from "./pointwise.js";
import { averagePoolingGradient, maxPoolingGradient } from "./pooling.js";
import { softmaxLoss } from "./softmax-loss.js";
import { weightsGradient } from "./weights.js";
import { winogradFilter } from "./winograd-filter.js";
import { gemmGradient, winogradFilterGradient, winogradGradient } from "./winograd-gradient.js";

export const gradientKernels = ({ buffer }: SharedMemory): GradientKernels =>
  bindGradients(new DataView(buffer), new Float32Array(buffer), new Int32Array(buffer));

/**
 * Over the steps and the words (labels, ranks, tables, the generator) of one memory, and `values`, which are the same
 * memory's elements or a copy in float64.
 */
export function bindGradients(steps: DataView, values: Values, words: Int32Array): GradientKernels {
  const bind =
    <K extends GradientKernelName>(
      name: K,
      run: (values: Values, step: StepOf<K>, image: number, slot: number, words: Int32Array) => void,
    ): Kernel =>
    (stepAddress, image, slot) => {
      run(values, readStep(steps, stepAddress, name), image, slot, words);
    };
  const sumProducts = bind("weights_gradient", (all, step, image, slot) => {
    weightsGradient(all, step, image, slot, REFERENCE_PANEL);
  });
  return {
    weights_gradient: sumProducts,
    weights_gradient_packed: sumProducts,
    bias_gradient: bind("bias_gradient", biasGradient),
    rectifier_gradient: bind("rectifier_gradient", rectifierGradient),
    dropout: bind("dropout", dropout),
    max_pooling_gradient: bind("max_pooling_gradient", maxPoolingGradient),
    average_pooling_gradient: bind("average_pooling_gradient", averagePoolingGradient),
    normalisation_gradient: bind("normalisation_gradient", normalisationGradient),
    softmax_loss: bind("softmax_loss", softmaxLoss),
    transpose: bind("transpose", transpose),
    flip_filters: bind("flip_filters", (all, step, inputPanel, outputPanel) => {
      flipFilters(all, step, inputPanel, outputPanel, REFERENCE_PANEL);
    }),
    winograd_filter: bind("winograd_filter", (all, step, inputPanel, outputPanel) => {
      winogradFilter(all, step, inputPanel, outputPanel, REFERENCE_PANEL);
    }),
    winograd_gradient_5: bind("winograd_gradient_5", (all, step, slot, image) => {
      winogradGradient(all, step, slot, image, 5, REFERENCE_PANEL);
    }),
    winograd_gradient_3: bind("winograd_gradient_3", (all, step, slot, image) => {
      winogradGradient(all, step, slot, image, 3, REFERENCE_PANEL);
    }),
    gemm_gradient: bind("gemm_gradient", (all, step, inputPlane, outputPlane) => {
      gemmGradient(all, step, inputPlane, outputPlane, REFERENCE_PANEL);
    }),
    winograd_filter_gradient: bind("winograd_filter_gradient", (all, step, inputPanel, outputPanel) => {
      winogradFilterGradient(all, step, inputPanel, outputPanel, REFERENCE_PANEL);
    }),
    gather_rows: bind("gather_rows", (all, step, inputPanel, outputPanel, table) => {
      gatherRows(all, step, [inputPanel, outputPanel], table, REFERENCE_PANEL);
    }),
    momentum_update: bind("momentum_update", momentumUpdate),
  };
}
