/** Names of layers, out of what a graph calls its tensors and nodes. */
import { DifferentNames, layerOfWeights, legalName } from "../legal-names.js";
import type { ChainLayer } from "./chain.js";

/** What layers are called whose nodes have no name; a number follows. */
const STEMS: Readonly<Record<string, string>> = {
  convolution: "conv",
  "max-pooling": "pool",
  "average-pooling": "pool",
  "local-response-normalisation": "norm",
  "fully-connected": "fc",
  dropout: "drop",
};

/**
 * A legal name for each layer, all different: that of the tensor LAYER.weight or LAYER_w_0 (Caffe2, and with it the
 * model zoo), conv1 to fc8 for those of PyTorch's AlexNet, else the node's, else the layer type's with a number.
 */
export function namesOf(layers: readonly ChainLayer[]): string[] {
  const different = new DifferentNames();
  const names = new Map<ChainLayer, string>();
  const counts = new Map<string, number>();
  const take = (layer: ChainLayer, wanted: string | undefined): void => {
    const type = String(layer.description.type);
    const stem = STEMS[type] ?? type;
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    names.set(layer, different.take(wanted ?? `${stem}${count}`));
  };
  // tensors keep their names where a layer without any has the same
  const [weighted, others] = [true, false].map((has) =>
    layers.filter(({ weight }) => (weight !== undefined) === has),
  );
  for (const layer of weighted)
    take(layer, ofTensor(layer.weight?.tensor.name ?? "") ?? legalName(layer.node.name));
  for (const layer of others) take(layer, legalName(layer.node.name));
  return layers.map((layer) => names.get(layer) ?? "");
}

/** Of LAYER_w_0 as of LAYER.weight. */
const ofTensor = (name: string): string | undefined => layerOfWeights(name.replace(/_w_0$/, ".weight"));
