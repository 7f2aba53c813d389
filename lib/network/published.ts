/** Published forms, found by what a network computes, and with other numbers of classes. */
import { defineNetwork, LARGEST_SIZE } from "./define.js";
import { essenceOf, isNothing } from "./essence.js";
import type { Dropout, FullyConnected, Layer, Network } from "./layers.js";
import { MODEL_NAMES, networkByName } from "./variants.js";

/** The layer with one output a class: the last that is fully connected. */
export const classifierOf = ({ layers }: Network): FullyConnected | undefined =>
  layers.findLast((layer) => layer.type === "fully-connected");

/** The network with another number of classes, as long as a layer may have as many. */
export function withClasses(network: Network, classes: number | undefined): Network {
  const classifier = classifierOf(network);
  if (classifier === undefined || classes === undefined) return network;
  if (classes < 1 || classes > LARGEST_SIZE || classes === classifier.outFeatures) return network;
  const layers = network.layers.map((layer) =>
    layer === classifier ? { ...layer, outFeatures: classes } : layer,
  );
  return defineNetwork({ ...network, layers });
}

/** A dropout that is scaled in training, which inference passes over: only its rate tells two such networks apart. */
const isTrained = (layer: Layer): layer is Dropout => layer.type === "dropout" && layer.scaling === "train";

/** Whether a dropout could as well stand on the other side of the layer. */
const isPassed = (layer: Layer): boolean =>
  ["dropout", "relu", "flatten", "softmax"].includes(layer.type) ||
  (layer.type === "average-pooling" && isNothing(layer));

/** For each dropout that is scaled in training, the number of layers before it that it could not be moved over. */
const dropoutPlaces = (layers: readonly Layer[]): number[] =>
  layers.flatMap((layer, index) =>
    isTrained(layer) ? [layers.slice(0, index).filter((before) => !isPassed(before)).length] : [],
  );

/**
 * The network with the rates of another one's dropouts, where that has them in the same places; as it is where the other
 * has none, as programs write a network for inference.
 */
export function withDropoutOf(network: Network, { layers }: Network): Network | undefined {
  const rates = layers.filter(isTrained).map(({ rate }) => rate);
  if (rates.length === 0) return network;
  if (dropoutPlaces(network.layers).join() !== dropoutPlaces(layers).join()) return undefined;
  const changed = network.layers.map((layer) =>
    isTrained(layer) ? { ...layer, rate: rates.shift() ?? layer.rate } : layer,
  );
  return defineNetwork({ ...network, layers: changed });
}

/**
 * The published form that computes what the network computes, with as many classes, and with the network's rates of
 * dropout, if there is one.
 */
export function publishedForm(network: Network): Network | undefined {
  const essence = essenceOf(network);
  const classes = classifierOf(network)?.outFeatures;
  const form = MODEL_NAMES.map((name) => withClasses(networkByName(name), classes)).find(
    (published) => essenceOf(published) === essence,
  );
  return form && withDropoutOf(form, network);
}
