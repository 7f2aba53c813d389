/**
 * From layers to operations: what a kernel does in one pass. A ReLU right behind a convolution or a fully connected
 * layer is part of that layer's store; flatten, dropout scaled in training, and softmax (the engine gives the values
 * before it) do nothing in a forward pass.
 */
import type {
  AveragePooling,
  Convolution,
  Dropout,
  FullyConnected,
  Layer,
  LocalResponseNormalisation,
  MaxPooling,
  Network,
  Padding,
  ReLU,
} from "../network/layers.js";
import { towersOf } from "../network/layers.js";
import { asMap, inferShapes, shareOf, type ShapedLayer } from "../network/shapes.js";
import { algorithmFor, type AlgorithmChoice, type PlannedConvolutions, type Winograd } from "./algorithm.js";
import type { WeightsType } from "./weights-type.js";

export { reachOf } from "../network/shapes.js";

/** A tensor between two operations. */
export interface Tensor {
  readonly id: number;
  /** The layer that makes it, and every layer that leaves it as it is. */
  readonly layers: readonly string[];
  /** [C, H, W] of one image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** 1 where the channels cannot be shared evenly. */
  readonly towers: number;
  /** Zeros around each map, as the operation that reads it wants them. */
  readonly padding: Padding;
  /** Pixels of blockSize x blockSize, padding included, lie together as channels of one; mostly 1. */
  readonly blockSize: number;
  /** "wave": a slot for each image of a wave; "batch": a slot for each image of the largest batch. */
  readonly slots: "wave" | "batch";
}

export interface OperationBase<Kind extends string> {
  readonly index: number;
  readonly kind: Kind;
  readonly input: number;
  readonly output: number;
  /** Whether a ReLU is part of the store. */
  readonly rectified: boolean;
  /** "wave": image by image inside a wave; "batch": all images at once. */
  readonly scope: "wave" | "batch";
}

export interface OperationOf<Kind extends string, L extends Layer> extends OperationBase<Kind> {
  readonly layer: L;
  /** The shapes of the layer, as the network has them. */
  readonly shaped: ShapedLayer<L>;
}

/** The network's input from planes, as callers give it, to channels last; no layer of the network. */
export type SpaceToDepthOperation = OperationBase<"space-to-depth"> & { readonly layer: typeof INPUT };
const INPUT = { name: "input" } as const;

export type ConvolutionOperation = OperationOf<"convolution", Convolution> & {
  /** How it is computed, and why. */
  readonly choice: AlgorithmChoice;
  /** Missing where it is computed directly. */
  readonly winograd?: Winograd;
};

export type FullyConnectedOperation = OperationOf<"fully-connected", FullyConnected> & {
  readonly weights: WeightsType;
};

/** Dropout where a network is trained; in inference, what is left of it is an activation. */
export type DropoutOperation = OperationOf<"dropout", Dropout> & {
  /** The layer's place in the network, which its random numbers depend on. */
  readonly layerIndex: number;
};

export type Operation =
  | SpaceToDepthOperation
  | ConvolutionOperation
  | FullyConnectedOperation
  | OperationOf<"max-pooling", MaxPooling>
  | OperationOf<"average-pooling", AveragePooling>
  | OperationOf<"normalisation", LocalResponseNormalisation>
  | OperationOf<"activation", ReLU | Dropout>
  | DropoutOperation;

export interface OperationGraph {
  readonly towers: number;
  readonly operations: readonly Operation[];
  /** Tensor 0 is the network's input in planes, a tower each; tensor 1 the same with channels last. */
  readonly tensors: readonly Tensor[];
}

export type WeightedOperation = ConvolutionOperation | FullyConnectedOperation;

/** How the weights of an operation are stored. */
export const weightsTypeOf = (operation: WeightedOperation): WeightsType =>
  operation.kind === "fully-connected" ? operation.weights : "float32";

const NONE: Padding = [0, 0, 0, 0];

type Draft = { -readonly [Field in keyof Tensor]: Tensor[Field] };

export interface LowerOptions {
  /** How the weights of fully connected layers are stored; "float32" where left out. */
  readonly fcWeights?: WeightsType;
  /** Whether every dropout has an operation and every image of a batch its slot in every tensor, as gradients need them. */
  readonly training?: boolean;
}

export function lower(
  network: Network,
  convolutions: PlannedConvolutions,
  { fcWeights = "float32", training = false }: LowerOptions = {},
): OperationGraph {
  const towers = towersOf(network);
  const input = { layers: [INPUT.name], shape: network.input, padding: NONE, blockSize: 1 };
  const tensors: Draft[] = [
    { ...input, id: 0, towers: network.input[0], slots: "batch" },
    { ...input, id: 1, towers: shareOf(network.input[0], towers), slots: "wave" },
  ];
  const operations: Operation[] = [
    {
      index: 0,
      kind: "space-to-depth",
      layer: INPUT,
      ...{ input: 0, output: 1, rectified: false, scope: "wave" },
    },
  ];
  let scope: "wave" | "batch" = "wave";
  for (const [layerIndex, shaped] of inferShapes(network).entries()) {
    const { layer } = shaped;
    const current = tensors[tensors.length - 1];
    const last = operations.length - 1;
    const rectifies = layer.type === "relu" && canRectify(operations[last]);
    if (rectifies) operations[last] = { ...operations[last], rectified: true };
    if (rectifies || doesNothing(layer, training)) {
      current.layers = [...current.layers, layer.name];
      continue;
    }
    if (layer.type === "fully-connected") scope = "batch";
    // what a whole batch reads must hold a whole batch
    if (scope === "batch") current.slots = "batch";
    // an activation leaves the map as it is, also where the network has flattened it
    const isElementwise = layer.type === "relu" || layer.type === "dropout";
    const shape = isElementwise ? current.shape : asMap(shaped.output);
    const output = tensors.length;
    const sides = { input: current.towers, output: shareOf(shape[0], towers) };
    // who asks for a layer that leaves the input as it is wants pixels, not blocks
    const arranged = current.id === 1 && current.layers.length === 1;
    const algorithm =
      layer.type === "convolution"
        ? algorithmFor(shaped as ShapedLayer<Convolution>, sides, convolutions, arranged)
        : undefined;
    if (layer.type === "convolution")
      current.padding = paddingFor(shaped as ShapedLayer<Convolution>, algorithm?.winograd);
    if (algorithm?.winograd) current.blockSize = algorithm.winograd.blockSize;
    tensors.push({
      id: output,
      layers: [layer.name],
      shape,
      towers: sides.output,
      padding: NONE,
      blockSize: 1,
      slots: scope,
    });
    operations.push({
      index: operations.length,
      kind: training && layer.type === "dropout" ? "dropout" : kindOf(layer),
      layer,
      shaped,
      input: current.id,
      output,
      rectified: false,
      scope,
      ...algorithm,
      ...(layer.type === "fully-connected" && { weights: fcWeights }),
      ...(training && layer.type === "dropout" && { layerIndex }),
    } as Operation);
  }
  tensors[tensors.length - 1].slots = "batch";
  if (training) for (const tensor of tensors) tensor.slots = "batch";
  return { towers, operations, tensors };
}

const doesNothing = (layer: Layer, training: boolean): boolean =>
  layer.type === "flatten" ||
  layer.type === "softmax" ||
  (layer.type === "dropout" && layer.scaling === "train" && !training);

/** Once: a second ReLU behind the first is an operation of its own, which changes nothing. */
const canRectify = (previous: Operation): boolean =>
  (previous.kind === "convolution" || previous.kind === "fully-connected") && !previous.rectified;

function kindOf(layer: Layer): Operation["kind"] {
  switch (layer.type) {
    case "local-response-normalisation":
      return "normalisation";
    case "convolution":
    case "fully-connected":
    case "max-pooling":
    case "average-pooling":
      return layer.type;
    case "relu":
    case "dropout":
      return "activation";
    case "flatten":
    case "softmax":
      throw new RangeError(`${layer.name}: ${layer.type} has no operation`);
  }
}

/**
 * The layer's padding, and at the bottom and right as much more as windows that overhang will read, up to a whole
 * block.
 */
export function paddingFor({ layer, input, output }: ShapedLayer<Convolution>, winograd?: Winograd): Padding {
  const [top, left, bottom, right] = layer.padding;
  const tiles = winograd && [winograd.tileRows, winograd.tileColumns];
  const behind = (axis: 0 | 1, before: number, least: number): number => {
    if (winograd === undefined || tiles === undefined) {
      const read = (output[axis + 1] - 1) * layer.stride[axis] + layer.kernel[axis];
      return Math.max(least, read - input[axis + 1] - before);
    }
    const { blockSize, outputs, taps } = winograd;
    const blocks = tiles[axis] * outputs - 1 + taps;
    const padded = Math.max(blocks, Math.ceil((before + input[axis + 1] + least) / blockSize)) * blockSize;
    return padded - input[axis + 1] - before;
  };
  return [top, left, behind(0, top, bottom), behind(1, left, right)];
}
