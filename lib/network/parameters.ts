import type { Network, Shape } from "./layers.js";
import { elementsOf, inferShapes, type ShapedLayer } from "./shapes.js";

/** A weight or bias tensor in the one logical layout, whatever file it comes from. */
export interface Parameter {
  /** "LAYER.weight" or "LAYER.bias". */
  readonly name: string;
  readonly layer: string;
  readonly kind: "weight" | "bias";
  /** Convolution weights [out, in / groups, kh, kw], fully connected ones [out, in] (in = C, H, W), biases [out]. */
  readonly shape: Shape;
}

/** The parameters of one layer: none, a weight, or a weight and a bias. */
export function parametersOfLayer({ layer, input, output }: ShapedLayer): Parameter[] {
  if (layer.type !== "convolution" && layer.type !== "fully-connected") return [];
  const out = output[0];
  const shape =
    layer.type === "convolution" ? [out, input[0] / layer.groups, ...layer.kernel] : [out, elementsOf(input)];
  const weight: Parameter = { name: `${layer.name}.weight`, layer: layer.name, kind: "weight", shape };
  const bias: Parameter = { name: `${layer.name}.bias`, layer: layer.name, kind: "bias", shape: [out] };
  return layer.bias ? [weight, bias] : [weight];
}

/** Every parameter of a network, in the order of its layers. */
export const parametersOf = (network: Network): Parameter[] =>
  inferShapes(network).flatMap(parametersOfLayer);
