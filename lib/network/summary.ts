import type { Network, Shape } from "./layers.js";
import { parametersOfLayer } from "./parameters.js";
import { asMap, elementsOf, inferShapes, type ShapedLayer } from "./shapes.js";

export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  readonly outputShape: Shape;
  readonly weights: number;
  readonly biases: number;
  /** Multiply-adds for one image. */
  readonly macs: number;
}

export interface NetworkSummary {
  readonly model: string;
  readonly layers: readonly LayerSummary[];
  readonly totals: {
    readonly parameters: number;
    readonly weights: number;
    readonly biases: number;
    readonly macs: number;
    /** Outputs of the convolutions and the fully connected layers, for one image. */
    readonly neurons: number;
  };
}

/** Sizes and costs of a network, one image, counted from its layers alone. */
export function summarise(network: Network): NetworkSummary {
  const shaped = inferShapes(network);
  const layers = shaped.map(summariseLayer);
  const sum = (field: "weights" | "biases" | "macs") =>
    layers.reduce((total, layer) => total + layer[field], 0);
  const neurons = layers
    .filter((layer) => layer.weights > 0)
    .reduce((n, layer) => n + elementsOf(layer.outputShape), 0);
  return {
    model: network.name,
    layers,
    totals: {
      parameters: sum("weights") + sum("biases"),
      weights: sum("weights"),
      biases: sum("biases"),
      macs: sum("macs"),
      neurons,
    },
  };
}

function summariseLayer(shaped: ShapedLayer): LayerSummary {
  const count = (kind: "weight" | "bias") =>
    parametersOfLayer(shaped)
      .filter((parameter) => parameter.kind === kind)
      .reduce((total, parameter) => total + elementsOf(parameter.shape), 0);
  const weights = count("weight");
  const [, height, width] = asMap(shaped.output);
  return {
    name: shaped.layer.name,
    type: shaped.layer.type,
    outputShape: shaped.output,
    weights,
    biases: count("bias"),
    // every weight is used once for each output position
    macs: weights * height * width,
  };
}
