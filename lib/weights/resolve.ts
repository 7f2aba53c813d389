/** Which network a set of weights belongs to. */
import { weightsErrors, type Misfit } from "../errors/weights.js";
import { definedNetwork } from "../network/define.js";
import type { Network, Shape } from "../network/layers.js";
import { parametersOf } from "../network/parameters.js";
import { PREPROCESSING, type Preprocessing } from "../network/preprocessing.js";
import { classifierOf, withClasses } from "../network/published.js";
import { MODEL_NAMES, networkByName, type ModelName } from "../network/variants.js";
import type { Purpose, Weights } from "./weights.js";

export interface ResolvedNetwork {
  readonly network: Network;
  /** Missing where neither the weights nor the model say it. */
  readonly preprocessing?: Preprocessing;
}

/**
 * The network that the weights are for, with every tensor checked against it.
 *
 * A `model` that is given wins over what the file says, as long as its shapes fit: that is how a file with a wrong
 * or a missing name is used. A model by name has as many classes as the weights' last layer; a network is taken
 * as it is. The preprocessing is the weights' own, else the model's.
 *
 * @throws AlexNetError WEIGHTS_MISMATCH naming every missing, unknown and mis-shaped tensor, WEIGHTS_AMBIGUOUS where
 * several published forms fit and none was given, OPTION_INVALID for an unknown model name, NETWORK_INVALID for a
 * network that cannot be.
 */
export function resolveNetwork(weights: Weights, model?: ModelName | Network): ResolvedNetwork {
  const network = wantedNetwork(weights, model);
  const misfits = misfitsOf(network, weights);
  if (misfits.length > 0) throw weightsErrors.mismatch(weights.source, network.name, misfits);
  const preprocessing = weights.preprocessing ?? preprocessingOf(network);
  return { network, ...(preprocessing && { preprocessing }) };
}

function wantedNetwork(weights: Weights, model: ModelName | Network | undefined): Network {
  if (typeof model === "string") return withClassesOf(networkByName(model), weights);
  if (model !== undefined) return definedNetwork(model);
  return weights.network === undefined ? onlyCandidate(weights) : definedNetwork(weights.network);
}

/** What can be said of weights without asking: their own network, or the only published form that fits. */
export function recognise(weights: Weights): Purpose {
  const candidates = candidatesFor(weights);
  const network = weights.network ?? (candidates.length === 1 ? candidates[0] : undefined);
  const preprocessing = weights.preprocessing ?? (network && preprocessingOf(network));
  return { ...(network && { network }), ...(preprocessing && { preprocessing }) };
}

/** The recipe of the published form that the network is named after. */
export function preprocessingOf(network: Network): Preprocessing | undefined {
  const name = MODEL_NAMES.find((known) => known === network.name);
  return name && PREPROCESSING[name];
}

function onlyCandidate(weights: Weights): Network {
  const candidates = candidatesFor(weights);
  if (candidates.length === 1) return candidates[0];
  const names = candidates.map(({ name }) => name);
  if (candidates.length > 1) throw weightsErrors.ambiguous(weights.source, names);
  const [closest] = published(weights)
    .map((network) => ({ network, misfits: misfitsOf(network, weights) }))
    .sort((a, b) => a.misfits.length - b.misfits.length);
  throw weightsErrors.fitsNone(weights.source, MODEL_NAMES, closest.network.name, closest.misfits);
}

const published = (weights: Weights): Network[] =>
  MODEL_NAMES.map((name) => withClassesOf(networkByName(name), weights));

const candidatesFor = (weights: Weights): Network[] =>
  published(weights).filter((network) => misfitsOf(network, weights).length === 0);

/** A published form with as many classes as the weights have: fine-tuned files differ from it in nothing else. */
function withClassesOf(network: Network, weights: Weights): Network {
  const classifier = classifierOf(network);
  const shape = (classifier && weights.tensors.get(`${classifier.name}.weight`)?.shape) ?? [];
  // anything but rows and columns is a misfit, and is named as one later
  return withClasses(network, shape.length === 2 ? shape[0] : undefined);
}

function misfitsOf(network: Network, weights: Weights): Misfit[] {
  const wanted = new Map<string, Shape>(parametersOf(network).map(({ name, shape }) => [name, shape]));
  const names = new Set([...wanted.keys(), ...weights.tensors.keys()]);
  return [...names].flatMap((name) => {
    const want = wanted.get(name);
    const got = weights.tensors.get(name)?.shape;
    if (want !== undefined && got !== undefined && sameShape(want, got)) return [];
    return [{ name, ...(got && { got }), ...(want && { want }) }];
  });
}

const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
