/** From which distribution each parameter of a network starts. */
import type { Network } from "../network/layers.js";
import { parametersOf, type Parameter } from "../network/parameters.js";
import { elementsOf } from "../network/shapes.js";
import { MODEL_NAMES, type ModelName } from "../network/variants.js";

export type Draw =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly sigma: number }
  /** Between -bound and bound. */
  | { readonly kind: "uniform"; readonly bound: number };

type Rule = (parameter: Parameter, fanIn: number) => Draw;

/** Their biases start above zero in the paper (section 5), so that the ReLUs see positive inputs at first. */
const LIFTED = new Set(["conv2", "conv4", "conv5", "fc6", "fc7"]);

/** Weights N(0, sigma) with a sigma for each layer, biases of the lifted layers at `lift`, of others at 0. */
const gaussian =
  (lift: number, sigmas: Readonly<Record<string, number>> = {}): Rule =>
  ({ layer, kind }) =>
    kind === "weight"
      ? { kind: "normal", sigma: Object.hasOwn(sigmas, layer) ? sigmas[layer] : 0.01 }
      : { kind: "constant", value: LIFTED.has(layer) ? lift : 0 };

/** What PyTorch's Conv2d and Linear do by themselves. */
const torchDefault: Rule = (_, fanIn) => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) });

/** He et al. 2015, "Delving deep into rectifiers", equation 10: variance 2 / fan-in keeps ReLU layers in scale. */
const he: Rule = ({ kind }, fanIn) =>
  kind === "weight" ? { kind: "normal", sigma: Math.sqrt(2 / fanIn) } : { kind: "constant", value: 0 };

const RULES: Record<ModelName, Rule> = {
  // the paper, section 5
  alexnet2012: gaussian(1),
  // BVLC's train_val.prototxt files
  caffenet: gaussian(1, { fc6: 0.005, fc7: 0.005 }),
  "bvlc-alexnet": gaussian(0.1, { fc6: 0.005, fc7: 0.005 }),
  "single-tower": torchDefault,
  torchvision: torchDefault,
};

/** Distributions by parameter name: those of the published form that the network is named after, else He's. */
export function drawsOf(network: Network): ReadonlyMap<string, Draw> {
  const known = MODEL_NAMES.find((name) => name === network.name);
  const rule = known === undefined ? he : RULES[known];
  const parameters = parametersOf(network);
  const fanIns = new Map(
    parameters
      .filter(({ kind }) => kind === "weight")
      .map(({ layer, shape }) => [layer, elementsOf(shape) / shape[0]]),
  );
  return new Map(
    parameters.map((parameter) => [parameter.name, rule(parameter, fanIns.get(parameter.layer) ?? 1)]),
  );
}
