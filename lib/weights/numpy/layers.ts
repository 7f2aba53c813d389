/**
 * The dict of bvlc_alexnet.npy, {layer: [weights, biases]}, as TensorFlow wants them (caffe-tensorflow wrote it):
 * convolutions [kh, kw, in, out] and fully connected layers [in, out]. The rows of fc6 are the map of conv5 in the
 * order H, W, C. Here they get the axes of the one logical layout, over the file's bytes as they are.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import { kindOf, type PickleValue } from "../pickle/pickle-values.js";
import type { StoredTensor } from "../stored.js";
import { rowMajor, type Strides } from "../strided.js";
import { readArray, tensorOfArray } from "./ndarray.js";

/** The layer whose rows are a map, and the one whose outputs are that map's channels. */
const FROM_MAP = "fc6";
const LAST_CONVOLUTION = "conv5";
const NEXT = "save {layer: [weights, biases]}, or the arrays with np.savez";

interface LayerArrays {
  readonly weights: StoredTensor;
  /** Elements from one index to the next, an axis each. */
  readonly strides: Strides;
  readonly biases: StoredTensor;
}

/** @throws AlexNetError WEIGHTS_INVALID naming the layer or the tensor and what is wrong with it. */
export function layerTensors(source: string, value: PickleValue): ReadonlyMap<string, StoredTensor> {
  if (!(value instanceof Map))
    throw weightsErrors.refused(source, "the array", `holds ${kindOf(value)}, not a dict of layers`, NEXT);
  const layers = new Map<string, LayerArrays>();
  for (const [name, pair] of value) {
    if (typeof name !== "string")
      throw weightsErrors.refused(
        source,
        "the dict",
        `has ${kindOf(name)} as a key`,
        "name layers by strings",
      );
    layers.set(name, readLayer(source, name, pair));
  }
  const channels = layers.get(LAST_CONVOLUTION)?.weights.shape.at(-1);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { weights, strides, biases }] of layers) {
    const logical = weights.shape.length === 4 ? convolution(weights, strides) : connected(weights, strides);
    tensors.set(weights.name, name === FROM_MAP ? fromMap(source, logical, channels) : logical);
    tensors.set(biases.name, biases);
  }
  return tensors;
}

function readLayer(source: string, name: string, pair: PickleValue): LayerArrays {
  const at = `layer ${show(name)}`;
  if (!Array.isArray(pair) || pair.length !== 2)
    throw weightsErrors.refused(source, at, `is ${kindOf(pair)}, not [weights, biases]`, NEXT);
  const [weights, biases] = ["weight", "bias"].map((kind, index) => {
    const array = readArray(source, `${at}: ${kind}`, pair[index]);
    return { array, tensor: tensorOfArray(source, `${name}.${kind}`, array) };
  });
  const { shape, fortranOrder } = weights.array;
  if (shape.length !== 4 && shape.length !== 2)
    throw weightsErrors.field(
      source,
      `${at}: weight: shape`,
      shape,
      "of 4 axes [kh, kw, in, out] or 2 [in, out]",
    );
  if (biases.array.shape.length !== 1)
    throw weightsErrors.field(source, `${at}: bias: shape`, biases.array.shape, "of 1 axis [out]");
  return {
    weights: weights.tensor,
    strides: fortranOrder ? rowMajor([...shape].reverse()).toReversed() : rowMajor(shape),
    biases: biases.tensor,
  };
}

/** [kh, kw, in, out] as [out, in, kh, kw]. */
function convolution(tensor: StoredTensor, [kh, kw, inner, out]: Strides): StoredTensor {
  const [height, width, channels, outputs] = tensor.shape;
  return { ...tensor, shape: [outputs, channels, height, width], strides: [out, inner, kh, kw] };
}

/** [in, out] as [out, in]. */
function connected(
  tensor: StoredTensor,
  [inner, out]: Strides,
): StoredTensor & { readonly strides: Strides } {
  return { ...tensor, shape: [tensor.shape[1], tensor.shape[0]], strides: [out, inner] };
}

/** [out, in], whose inputs are in the order H, W, C, with them in the order C, H, W; maps are square. */
function fromMap(source: string, tensor: StoredTensor, channels: number | undefined): StoredTensor {
  const { shape, strides = rowMajor(shape), name } = tensor;
  const at = `tensor ${show(name)}`;
  if (channels === undefined)
    throw weightsErrors.refused(
      source,
      at,
      `has rows in the order of ${LAST_CONVOLUTION}'s map, and there is no ${LAST_CONVOLUTION}`,
      "save all layers",
    );
  const [outputs, inputs] = shape;
  const side = Math.sqrt(inputs / channels);
  if (shape.length !== 2 || !Number.isInteger(side))
    throw weightsErrors.field(
      source,
      `${at}: rows`,
      inputs,
      `a square map of ${channels} channels, as ${LAST_CONVOLUTION} gives`,
    );
  const [out, inner]: Shape = strides;
  return {
    ...tensor,
    axes: [outputs, channels, side, side],
    strides: [out, inner, side * channels * inner, channels * inner],
  };
}
