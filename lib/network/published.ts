/** Published forms, found by what a network computes, and with other numbers of classes. */
import { defineNetwork, LARGEST_SIZE } from "./define.js";
import { essenceOf } from "./essence.js";
import type { FullyConnected, Network } from "./layers.js";
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

/** The published form that computes what the network computes, with as many classes, if there is one. */
export function publishedForm(network: Network): Network | undefined {
  const essence = essenceOf(network);
  const classes = classifierOf(network)?.outFeatures;
  return MODEL_NAMES.map((name) => withClasses(networkByName(name), classes)).find(
    (form) => essenceOf(form) === essence,
  );
}
