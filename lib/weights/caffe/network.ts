/**
 * The network of a Caffe file, from its own layers. Layers are chained by the names of what they read and make (bottoms
 * and tops), in the order in which they stand, which is the order in which Caffe runs them, in-place ones too: so
 * AlexNet, which normalises before it pools, is told from CaffeNet, which pools first, though both have the same tensors.
 */
import { AlexNetError } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import { defineNetwork } from "../../network/define.js";
import type { Network } from "../../network/layers.js";
import { parametersOf } from "../../network/parameters.js";
import { publishedForm } from "../../network/published.js";
import { inferShapes } from "../../network/shapes.js";
import { DifferentNames, ownNetworkName } from "../legal-names.js";
import type { Message } from "../protobuf/message.js";
import { withRank } from "./blob.js";
import { DATA_TYPES, imageOf } from "./data-layers.js";
import { describeLayer, LAYER_TYPES, notComputed, type Description } from "./describe-layer.js";
import type { CaffeLayer } from "./layer.js";

/** Layers that a net for training or testing has, and that give nothing when it is used. */
const UNUSED: ReadonlySet<string> = new Set(["Accuracy", "Silence", "ArgMax", "HDF5Output"]);
/** Rows and columns of both of BVLC's models, where a file does not tell. */
const PUBLISHED_SIZE = 227;
const COLOURS = 3;

/**
 * The network, or nothing where the file does not tell it: where layers have no types or no sizes, where the input's
 * size is not there and not that of a published form, or where nothing ends the layers (softmax, a loss), as in a file
 * that was cut between two layers.
 * @throws AlexNetError WEIGHTS_INVALID for layers that no network here can have.
 */
export async function networkOf(net: Message, layers: readonly CaffeLayer[]): Promise<Network | undefined> {
  if (!(await describesItself(layers))) return undefined;
  const { name: image, size } = await imageOf(net, layers, firstRead(layers));
  const { descriptions, ended } = await chainOf(image, layers);
  const { channels = channelsOf(layers), height = PUBLISHED_SIZE, width = PUBLISHED_SIZE } = size ?? {};
  const name = ownNetworkName(await net.text(1), "caffe");
  const network = define(net.source, { name, input: [channels, height, width], layers: descriptions });
  checkWindows(network, layers);
  const form = publishedForm(network);
  if (form && sameNames(form, network)) return form;
  return ended && size ? network : undefined;
}

/**
 * A pooling's last window may start behind the map. Caffe drops it where there is padding, as every network here does;
 * without, it stays, with nothing to look at (pooling_layer.cpp).
 */
function checkWindows(network: Network, layers: readonly CaffeLayer[]): void {
  for (const { layer, input, output } of inferShapes(network)) {
    if (!("kernel" in layer) || layer.rounding === "floor" || layer.padding.some((side) => side > 0))
      continue;
    const { kernel, stride } = layer;
    const kept = ([0, 1] as const).map(
      (axis) => Math.ceil((input[axis + 1] - kernel[axis]) / stride[axis]) + 1,
    );
    const own = layers.find(({ name }) => name === layer.name);
    if (own && kept.some((count, axis) => count !== output[axis + 1]))
      throw notComputed(own, "has windows that start behind the map");
  }
}

/** Whether the parameters have the same names, by which the file's tensors are known. */
function sameNames(one: Network, other: Network): boolean {
  const [names, others] = [one, other].map((network) => parametersOf(network).map(({ name }) => name));
  return names.join() === others.join();
}

/** Whether every layer that has sizes tells them, and there is one. */
async function describesItself(layers: readonly CaffeLayer[]): Promise<boolean> {
  let sized = 0;
  for (const { type, parameters } of layers) {
    const known = LAYER_TYPES.get(type);
    if (type === "") return false;
    if (!known?.required) continue;
    if ((await parameters(known.parameters)) === undefined) return false;
    sized++;
  }
  return sized > 0;
}

interface Chain {
  readonly descriptions: readonly Description[];
  /** Whether a softmax or a loss is at the end. */
  readonly ended: boolean;
}

/** @param image the name of the value that the chain begins with */
async function chainOf(image: string, layers: readonly CaffeLayer[]): Promise<Chain> {
  const descriptions: Description[] = [];
  const different = new DifferentNames(layers.map(({ name }) => name));
  let names = new Set([image]);
  let ended = false;
  let isMap = true;
  for (const layer of layers) {
    const { type, bottoms, tops } = layer;
    const reads = bottoms.length > 0 && names.has(bottoms[0]);
    if (DATA_TYPES.has(type) || UNUSED.has(type)) continue;
    if (type === "Split") {
      // Caffe puts one where several layers read the same: each gets it under a name of its own
      if (reads) for (const top of tops) names.add(top);
      continue;
    }
    if (type.endsWith("Loss")) {
      // what is trained as one layer is used as softmax, which the published nets call "prob"
      if (reads && !ended && type === "SoftmaxWithLoss")
        descriptions.push({ type: "softmax", name: different.take("prob") });
      ended ||= reads;
      continue;
    }
    if (!reads || bottoms.length !== 1 || tops.length !== 1)
      throw notComputed(
        layer,
        `reads ${listed(bottoms)} and makes ${listed(tops)}; it must read ${listed(names)} alone`,
      );
    if (type === "InnerProduct" && isMap)
      descriptions.push({ type: "flatten", name: different.take("flatten") });
    isMap &&= type !== "InnerProduct" && type !== "Flatten";
    descriptions.push(await describeLayer(layer));
    names = new Set(tops);
    ended = type === "Softmax";
  }
  return { descriptions, ended };
}

const firstRead = (layers: readonly CaffeLayer[]): string | undefined =>
  layers.find(({ type }) => LAYER_TYPES.has(type))?.bottoms.at(0);

const listed = (names: Iterable<string>): string =>
  [...names]
    .slice(0, 3)
    .map((name) => JSON.stringify(name.slice(0, 80)))
    .join(", ") || "nothing";

/** Input channels of the first convolution, whose weights have those of one group. */
function channelsOf(layers: readonly CaffeLayer[]): number {
  const first = layers.find(({ type }) => type === "Convolution");
  const shape = first?.blobs[0]?.shape;
  return (shape && withRank(shape, 4)[1]) ?? COLOURS;
}

function define(source: string, description: Description): Network {
  try {
    return defineNetwork(description);
  } catch (cause) {
    throw cause instanceof AlexNetError ? weightsErrors.layers(source, cause) : cause;
  }
}
