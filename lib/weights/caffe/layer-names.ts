/** Names of a Caffe file's layers as a network may have them. */
import { DifferentNames, layerOfWeights } from "../legal-names.js";
import type { CaffeLayer } from "./layer.js";

/**
 * The layers, those with another name whose own a network may not have (conv1/7x7). A legal name stays, even where two
 * layers have it, which is refused later: their weights could not be told apart.
 */
export function withLegalNames(layers: readonly CaffeLayer[]): CaffeLayer[] {
  const legal = layers.map(({ name }) => layerOfWeights(`${name}.weight`));
  const isLegal = (index: number): boolean => legal[index] === layers[index].name;
  const names = new DifferentNames(layers.flatMap(({ name }, index) => (isLegal(index) ? [name] : [])));
  return layers.map((layer, index) =>
    isLegal(index) ? layer : { ...layer, name: names.take(legal[index] ?? `layer${index + 1}`) },
  );
}
