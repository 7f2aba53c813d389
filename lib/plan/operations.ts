/**
 * From layers to operations: what a kernel does in one pass. A ReLU right behind a convolution or a fully connected
 * layer is part of that layer's store; flatten, dropout scaled in training, and softmax (the engine gives the values
 * before it) do nothing in a forward pass.
 */
import type {
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
import { asMap, inferShapes, type ShapedLayer } from "../network/shapes.js";
import { winogradFor, type ConvolutionsOption, type Winograd } from "./algorithm.js";
import { engineErrors } from "../errors/engine.js";

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
  /** "wave": a slot for each image of a wave; "batch": a slot for each image of the largest batch. */
  readonly slots: "wave" | "batch";
}

interface OperationOf<Kind extends string, L extends Layer> {
  readonly index: number;
  readonly kind: Kind;
  readonly layer: L;
  /** The shapes of the layer, as the network has them. */
  readonly shaped: ShapedLayer<L>;
  readonly input: number;
  readonly output: number;
  /** Whether a ReLU is part of the store. */
  readonly rectified: boolean;
  /** "wave": image by image inside a wave; "batch": all images at once. */
  readonly scope: "wave" | "batch";
}

export type ConvolutionOperation = OperationOf<"convolution", Convolution> & {
  /** Missing where it is computed directly. */
  readonly winograd?: Winograd;
};

export type Operation =
  | ConvolutionOperation
  | OperationOf<"fully-connected", FullyConnected>
  | OperationOf<"max-pooling", MaxPooling>
  | OperationOf<"normalisation", LocalResponseNormalisation>
  | OperationOf<"activation", ReLU | Dropout>;

export interface OperationGraph {
  readonly towers: number;
  readonly operations: readonly Operation[];
  /** Tensor 0 is the network's input. */
  readonly tensors: readonly Tensor[];
}

type Draft = { -readonly [Field in keyof Tensor]: Tensor[Field] };

/** @throws AlexNetError NETWORK_INVALID for a normalisation that reaches past the neighbouring tower. */
export function lower(network: Network, convolutions: ConvolutionsOption): OperationGraph {
  const towers = towersOf(network);
  const tensors: Draft[] = [
    {
      id: 0,
      layers: ["input"],
      shape: network.input,
      towers: shareOf(network.input[0], towers),
      padding: [0, 0, 0, 0],
      slots: "batch",
    },
  ];
  const operations: Operation[] = [];
  let scope: "wave" | "batch" = "wave";
  for (const shaped of inferShapes(network)) {
    const { layer } = shaped;
    const current = tensors[tensors.length - 1];
    const last = operations.length - 1;
    const rectifies = layer.type === "relu" && last >= 0 && canRectify(operations[last]);
    if (rectifies) operations[last] = { ...operations[last], rectified: true };
    if (rectifies || doesNothing(layer)) {
      current.layers = [...current.layers, layer.name];
      continue;
    }
    if (layer.type === "fully-connected") scope = "batch";
    // what a whole batch reads must hold a whole batch
    if (scope === "batch") current.slots = "batch";
    if (layer.type === "local-response-normalisation") checkReach(layer, current);
    // an activation leaves the map as it is, also where the network has flattened it
    const shape = kindOf(layer) === "activation" ? current.shape : asMap(shaped.output);
    const output = tensors.length;
    const sides = { input: current.towers, output: shareOf(shape[0], towers) };
    const winograd =
      layer.type === "convolution"
        ? winogradFor(shaped as ShapedLayer<Convolution>, sides, convolutions)
        : undefined;
    if (layer.type === "convolution")
      current.padding = paddingFor(shaped as ShapedLayer<Convolution>, winograd);
    tensors.push({
      id: output,
      layers: [layer.name],
      shape,
      towers: sides.output,
      padding: [0, 0, 0, 0],
      slots: scope,
    });
    operations.push({
      index: operations.length,
      kind: kindOf(layer),
      layer,
      shaped,
      input: current.id,
      output,
      rectified: false,
      scope,
      ...(winograd && { winograd }),
    } as Operation);
  }
  tensors[tensors.length - 1].slots = "batch";
  return { towers, operations, tensors };
}

/** The same for every tensor of as many channels: what keeps the channels keeps the towers. */
const shareOf = (channels: number, towers: number): number => (channels % towers === 0 ? towers : 1);

const doesNothing = (layer: Layer): boolean =>
  layer.type === "flatten" ||
  layer.type === "softmax" ||
  (layer.type === "dropout" && layer.scaling === "train");

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
      return layer.type;
    case "relu":
    case "dropout":
      return "activation";
    case "flatten":
    case "softmax":
      throw new RangeError(`${layer.name}: ${layer.type} has no operation`);
  }
}

/** The layer's padding, and at the bottom and right as much more as windows that overhang will read. */
function paddingFor({ layer, input, output }: ShapedLayer<Convolution>, winograd?: Winograd): Padding {
  const [top, left, bottom, right] = layer.padding;
  const tiled = winograd && [winograd.tileRows * winograd.outputs, winograd.tileColumns * winograd.outputs];
  const read = (axis: 0 | 1) =>
    ((tiled?.[axis] ?? output[axis + 1]) - 1) * layer.stride[axis] + layer.kernel[axis];
  return [top, left, Math.max(bottom, read(0) - input[1] - top), Math.max(right, read(1) - input[2] - left)];
}

/** Channels before and behind its own that a normalisation's window reads. */
export const reachOf = ({ size }: LocalResponseNormalisation): { before: number; after: number } => ({
  before: Math.floor((size - 1) / 2),
  after: Math.ceil((size - 1) / 2),
});

function checkReach(layer: LocalResponseNormalisation, input: Tensor): void {
  const channels = input.shape[0] / input.towers;
  const { after } = reachOf(layer);
  if (layer.scope === "across" && input.towers > 1 && after > channels)
    throw engineErrors.lrnReach(layer.name, channels, after);
}
