import { elementsOf } from "../network/shapes.js";
import type { TensorInfo, Weights } from "./weights.js";

export interface WeightsDescription {
  readonly source: string;
  readonly format: string;
  /** The network's name, where the weights tell it. */
  readonly model?: string;
  /** How many class names there are, 0 without. */
  readonly labels: number;
  readonly tensors: readonly (TensorInfo & { readonly elements: number })[];
  /** Elements of all tensors. */
  readonly parameters: number;
}

/** What is known of weights without reading their numbers, as plain data. */
export function describeWeights(weights: Weights): WeightsDescription {
  const tensors = [...weights.tensors.values()].map((tensor) => ({
    ...tensor,
    elements: elementsOf(tensor.shape),
  }));
  return {
    source: weights.source,
    format: weights.format,
    ...(weights.network && { model: weights.network.name }),
    labels: weights.labels?.length ?? 0,
    tensors,
    parameters: tensors.reduce((sum, { elements }) => sum + elements, 0),
  };
}
