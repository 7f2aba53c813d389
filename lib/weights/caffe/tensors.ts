/** The parameters of Caffe's layers under this package's names. */
import { weightsErrors } from "../../errors/weights.js";
import type { StoredTensor } from "../stored.js";
import { withRank, type Blob } from "./blob.js";
import { notComputed } from "./describe-layer.js";
import type { CaffeLayer } from "./layer.js";

/** Axes of a layer's weights. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ["Convolution", 4],
  ["InnerProduct", 2],
]);

/**
 * "LAYER.weight" and "LAYER.bias" are the first two blobs of a convolution, of an inner product, and of a layer that
 * does not tell its type; others are "LAYER.blobs.INDEX", which no network here has. Weights lie as they are wanted:
 * [out, in / group, kh, kw] and [out, in], with C, H, W in that order in the features of fc6.
 * @throws AlexNetError WEIGHTS_INVALID for a name that is there twice, and for weights that are transposed.
 */
export async function tensorsOf(
  source: string,
  layers: readonly CaffeLayer[],
): Promise<ReadonlyMap<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const layer of layers) {
    if (layer.blobs.length === 0) continue;
    const product = layer.type === "InnerProduct" ? await layer.parameters("inner_product_param") : undefined;
    if (product?.flag(6)) throw notComputed(layer, "has transposed weights");
    for (const [index, blob] of layer.blobs.entries()) {
      const tensor = tensorOf(layer, index, blob);
      if (tensors.has(tensor.name)) throw weightsErrors.duplicate(source, tensor.name);
      tensors.set(tensor.name, tensor);
    }
  }
  return tensors;
}

function tensorOf({ name, type }: CaffeLayer, index: number, blob: Blob): StoredTensor {
  const rank = RANKS.get(type) ?? (type === "" ? rankOfUntyped(blob) : undefined);
  if (rank === undefined || index > 1) return { ...blob, name: `${name}.blobs.${index}` };
  return index === 0
    ? { ...blob, name: `${name}.weight`, shape: withRank(blob.shape, rank) }
    : { ...blob, name: `${name}.bias`, shape: withRank(blob.shape, 1) };
}

/** Only the weights of an inner product begin with two ones: a convolution has more than one output. */
const rankOfUntyped = ({ shape }: Blob): number =>
  shape.length === 4 && shape[0] === 1 && shape[1] === 1 ? 2 : 4;
