/** Caffe's layers as this package's, with Caffe's defaults (caffe.proto). */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import { shortestDecimal } from "../numbers.js";
import type { Message } from "../protobuf/message.js";
import type { CaffeLayer, ParameterName } from "./layer.js";

/** A layer as `defineNetwork` takes it, which checks it. */
export type Description = Readonly<Record<string, unknown>>;

const COMPUTED =
  "only convolution, max and average pooling, LRN across channels, inner product, ReLU, dropout, flatten and softmax, one after" +
  " the other, can be computed; use weights of such a network";

/** A layer that is well formed, and that no network here can have. */
export const notComputed = ({ message: { source, what } }: CaffeLayer, problem: string) =>
  weightsErrors.refused(source, what, problem, COMPUTED);

type Describe = (layer: CaffeLayer, parameters: Message | undefined) => Promise<Description>;

interface LayerType {
  /** Its message of parameters. */
  readonly parameters: ParameterName;
  /** A layer without it says nothing of itself: it has sizes that have no default. */
  readonly required: boolean;
  readonly describe: Describe;
}

/** The types of layer that can be computed. */
export const LAYER_TYPES: ReadonlyMap<string, LayerType> = new Map([
  ["Convolution", { parameters: "convolution_param", required: true, describe: convolution }],
  ["Pooling", { parameters: "pooling_param", required: true, describe: pooling }],
  ["InnerProduct", { parameters: "inner_product_param", required: true, describe: innerProduct }],
  ["LRN", { parameters: "lrn_param", required: false, describe: normalisation }],
  ["ReLU", { parameters: "relu_param", required: false, describe: relu }],
  ["Dropout", { parameters: "dropout_param", required: false, describe: dropout }],
  ["Flatten", { parameters: "flatten_param", required: false, describe: flatten }],
  ["Softmax", { parameters: "softmax_param", required: false, describe: softmax }],
]);

/** @throws AlexNetError WEIGHTS_INVALID for a type or a parameter that is not computed here. */
export async function describeLayer(layer: CaffeLayer): Promise<Description> {
  const type = LAYER_TYPES.get(layer.type);
  if (type === undefined) throw notComputed(layer, `is of type ${show(layer.type)}`);
  const description = await type.describe(layer, await layer.parameters(type.parameters));
  return { name: layer.name, ...description };
}

/** Refuses a parameter with another value than the one that is computed. */
function only(
  layer: CaffeLayer,
  name: string,
  got: number | boolean | undefined,
  value: number | boolean,
): void {
  if (got !== undefined && got !== value) throw notComputed(layer, `has ${name} ${got}, not ${value}`);
}

async function convolution(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  for (const dilation of (await parameters?.integers(18, MOST_AXES)) ?? [])
    only(layer, "dilation", dilation, 1);
  only(layer, "axis", parameters?.integer(16), 1);
  const sizes = async (name: SizeName, both: number, rows: number, columns: number) =>
    pair(
      layer,
      name,
      (await parameters?.integers(both, MOST_AXES)) ?? [],
      parameters?.integer(rows),
      parameters?.integer(columns),
    );
  return {
    type: "convolution",
    outChannels: parameters?.integer(1),
    kernel: await sizes("kernel_size", 4, 11, 12),
    stride: (await sizes("stride", 6, 13, 14)) ?? 1,
    padding: padding(await sizes("pad", 3, 9, 10)),
    groups: parameters?.integer(5) ?? 1,
    bias: parameters?.flag(2) ?? true,
  };
}

/** Axes that a convolution of Caffe may give sizes of. */
const MOST_AXES = 32;

type SizeName = "kernel_size" | "stride" | "pad";

/** Sizes for the rows and the columns: one for both, one each, or as height and width, of which Caffe takes one kind. */
function pair(
  layer: CaffeLayer,
  name: SizeName,
  both: readonly number[],
  rows: number | undefined,
  columns: number | undefined,
): number | readonly (number | undefined)[] | undefined {
  if (both.length > 2) throw notComputed(layer, `has sizes of ${both.length} axes, not 2`);
  const stem = name === "kernel_size" ? "kernel" : name;
  if (both.length > 0 && (rows ?? columns) !== undefined)
    throw notComputed(layer, `has both ${name} and ${stem}_${rows === undefined ? "w" : "h"}`);
  if (both.length > 0) return both.length === 1 ? both[0] : both;
  return rows === undefined && columns === undefined ? undefined : [rows, columns];
}

/** Of a side that is not told, none (base_conv_layer.cpp); kernels and strides have no such default. */
const padding = (sizes: ReturnType<typeof pair>) =>
  typeof sizes === "object" ? sizes.map((size) => size ?? 0) : (sizes ?? 0);

/** PoolingParameter.PoolMethod. The average's divisor counts padding, and nothing behind it (pooling_layer.cpp). */
const METHODS: ReadonlyMap<number, Description> = new Map([
  [0, { type: "max-pooling" }],
  [1, { type: "average-pooling", countPadding: true }],
]);

function pooling(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  const method = parameters?.integer(1) ?? 0;
  const description = METHODS.get(method);
  if (description === undefined)
    throw notComputed(layer, `pools by ${method === 2 ? "STOCHASTIC" : method}, not by MAX or AVE`);
  only(layer, "global_pooling", parameters?.flag(12), false);
  if (parameters && parameters.has(9) !== parameters.has(10))
    throw notComputed(layer, "has one of pad_h and pad_w, of which Caffe wants both or neither in a pooling");
  const sizes = (name: SizeName, both: number, rows: number, columns: number) => {
    const size = parameters?.integer(both);
    return pair(
      layer,
      name,
      size === undefined ? [] : [size],
      parameters?.integer(rows),
      parameters?.integer(columns),
    );
  };
  return Promise.resolve({
    ...description,
    kernel: sizes("kernel_size", 2, 5, 6),
    stride: sizes("stride", 3, 7, 8) ?? 1,
    padding: padding(sizes("pad", 4, 9, 10)),
    // CEIL, which was the only one for years
    rounding: parameters?.integer(13) === 1 ? "floor" : "ceil",
  });
}

function innerProduct(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  only(layer, "axis", parameters?.integer(5), 1);
  return Promise.resolve({
    type: "fully-connected",
    outFeatures: parameters?.integer(1),
    bias: parameters?.flag(2) ?? true,
  });
}

async function normalisation(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  const constant = async (number: number, fallback: number) =>
    shortestDecimal((await parameters?.float(number)) ?? fallback);
  // 1 is WITHIN_CHANNEL
  only(layer, "norm_region", parameters?.integer(4), 0);
  return {
    type: "local-response-normalisation",
    size: parameters?.integer(1) ?? 5,
    alpha: await constant(2, 1),
    beta: await constant(3, 0.75),
    // there since September 2014; what is older computes with 1
    k: await constant(5, 1),
    alphaDividedBySize: true,
    scope: "across",
  };
}

async function relu(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  only(layer, "negative_slope", shortestDecimal((await parameters?.float(1)) ?? 0), 0);
  return { type: "relu" };
}

async function dropout(_: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  return { type: "dropout", rate: shortestDecimal((await parameters?.float(1)) ?? 0.5), scaling: "train" };
}

function flatten(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  only(layer, "axis", parameters?.integer(1), 1);
  only(layer, "end_axis", parameters?.integer(2), -1);
  return Promise.resolve({ type: "flatten" });
}

function softmax(layer: CaffeLayer, parameters: Message | undefined): Promise<Description> {
  only(layer, "axis", parameters?.integer(2), 1);
  return Promise.resolve({ type: "softmax" });
}
