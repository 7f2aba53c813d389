/** Names of layers, out of what a graph calls its tensors and nodes. */
import { layerName } from "../names.js";
import type { ChainLayer } from "./chain.js";

/** Characters of a name that is taken from the file. */
const LONGEST = 60;

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
  const taken = new Set<string>();
  const names = new Map<ChainLayer, string>();
  const counts = new Map<string, number>();
  const take = (layer: ChainLayer, wanted: string | undefined): void => {
    const type = String(layer.description.type);
    const stem = STEMS[type] ?? type;
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    const base = wanted ?? `${stem}${count}`;
    let name = base;
    for (let again = 2; taken.has(name); again++) name = `${base}_${again}`;
    taken.add(name);
    names.set(layer, name);
  };
  // tensors keep their names where a layer without any has the same
  const [weighted, others] = [true, false].map((has) =>
    layers.filter(({ weight }) => (weight !== undefined) === has),
  );
  for (const layer of weighted)
    take(layer, ofTensor(layer.weight?.tensor.name ?? "") ?? legal(layer.node.name));
  for (const layer of others) take(layer, legal(layer.node.name));
  return layers.map((layer) => names.get(layer) ?? "");
}

function ofTensor(name: string): string | undefined {
  const base = /^(.+)(?:\.weight|_w_0)$/s.exec(layerName(name))?.[1];
  return base === undefined ? undefined : legal(base);
}

/** With what a name may not have replaced; undefined where nothing is left. */
export function legal(name: string): string | undefined {
  const cleaned = name
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^[^A-Za-z]+/, "")
    .slice(0, LONGEST);
  return cleaned === "" ? undefined : cleaned;
}
