/** Which published form a network is that came from a file, whatever it is called there. */
import { defineNetwork } from "./define.js";
import type { Layer, Network } from "./layers.js";
import { MODEL_NAMES, networkByName } from "./variants.js";

/**
 * The same network under the name of the published form that computes the same, if there is one: the same input, and
 * the same layers in the same order, but for the number of classes, the names of layers without parameters, and layers
 * that change no value before softmax (flatten, dropout that is scaled in training, softmax itself).
 * @param network as `defineNetwork` makes it.
 */
export function asPublished(network: Network): Network | undefined {
  const computed = signature(network);
  const name = MODEL_NAMES.find((model) => signature(networkByName(model)) === computed);
  return name && defineNetwork({ ...network, name });
}

function signature({ input, layers }: Network): string {
  const classifier = layers.findLast(({ type }) => type === "fully-connected");
  return JSON.stringify([input, layers.flatMap((layer) => signatureOf(layer, layer === classifier))]);
}

function signatureOf(layer: Layer, classifier: boolean): object[] {
  switch (layer.type) {
    case "flatten":
    case "softmax":
      return [];
    case "dropout":
      return layer.scaling === "train" ? [] : [{ ...layer, name: "" }];
    case "convolution":
      return [layer];
    case "fully-connected":
      return [classifier ? { ...layer, outFeatures: 0 } : layer];
    case "relu":
    case "max-pooling":
    case "average-pooling":
    case "local-response-normalisation":
      return [{ ...layer, name: "" }];
  }
}
