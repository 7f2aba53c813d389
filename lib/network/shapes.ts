import { networkErrors } from "../errors/network.js";
import {
  towersOf,
  type Convolution,
  type Layer,
  type LocalResponseNormalisation,
  type Network,
  type Pooling,
  type Shape,
} from "./layers.js";

/** A layer with the shapes that go in and come out, one image each. */
export interface ShapedLayer<L extends Layer = Layer> {
  readonly layer: L;
  readonly input: Shape;
  readonly output: Shape;
}

export const elementsOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** [C, H, W] of a shape; a flat vector of F features is F channels of one pixel. */
export function asMap(shape: Shape): readonly [channels: number, height: number, width: number] {
  return shape.length === 3 ? [shape[0], shape[1], shape[2]] : [shape[0], 1, 1];
}

/**
 * How many towers share a map's channels: all of them, or one has them where they cannot be shared evenly. It is the
 * same for every map of as many channels, so what keeps the channels keeps the towers.
 */
export const shareOf = (channels: number, towers: number): number => (channels % towers === 0 ? towers : 1);

/** Channels before and behind its own that a normalisation's window reads. */
export const reachOf = ({ size }: LocalResponseNormalisation): { before: number; after: number } => ({
  before: Math.floor((size - 1) / 2),
  after: Math.ceil((size - 1) / 2),
});

/**
 * The shapes of every layer, in order.
 * @throws AlexNetError NETWORK_INVALID, naming the layer, where a layer cannot follow the one before it.
 */
export function inferShapes(network: Network): ShapedLayer[] {
  const towers = towersOf(network);
  let input: Shape = network.input;
  return network.layers.map((layer, index) => {
    if (layer.type === "softmax" && index !== network.layers.length - 1)
      throw networkErrors.softmaxNotLast(layer.name);
    const output = outputShape(layer, input, towers);
    const shaped = { layer, input, output };
    input = output;
    return shaped;
  });
}

function outputShape(layer: Layer, input: Shape, towers: number): Shape {
  switch (layer.type) {
    case "convolution":
      checkGroups(layer, mapOf(layer, input)[0], towers);
      return [layer.outChannels, ...windows(layer, mapOf(layer, input))];
    case "max-pooling":
    case "average-pooling": {
      const map = mapOf(layer, input);
      return [map[0], ...windows(layer, map)];
    }
    case "local-response-normalisation": {
      const [channels] = mapOf(layer, input);
      const share = shareOf(channels, towers);
      if (layer.scope === "tower" && share < towers)
        throw networkErrors.lrnTowers(layer.name, channels, towers);
      const { after } = reachOf(layer);
      if (layer.scope === "across" && share > 1 && after > channels / share)
        throw networkErrors.lrnReach(layer.name, channels / share, after);
      return input;
    }
    case "fully-connected":
      return [layer.outFeatures];
    case "flatten":
      return [elementsOf(input)];
    case "relu":
    case "dropout":
    case "softmax":
      return input;
  }
}

function mapOf(layer: Layer, input: Shape): readonly [channels: number, height: number, width: number] {
  if (input.length !== 3) throw networkErrors.needsMap(layer.name, layer.type, input);
  return asMap(input);
}

function checkGroups(layer: Convolution, inChannels: number, towers: number): void {
  if (inChannels % layer.groups !== 0)
    throw networkErrors.groups(layer.name, layer.groups, "input channels", inChannels);
  if (layer.outChannels % layer.groups !== 0)
    throw networkErrors.groups(layer.name, layer.groups, "outChannels", layer.outChannels);
  if (layer.groups !== 1 && layer.groups !== towers)
    throw networkErrors.towers(layer.name, layer.groups, towers);
}

/** Number of windows down and across. */
function windows(
  layer: Convolution | Pooling,
  [, height, width]: readonly [number, number, number],
): [rows: number, columns: number] {
  const [top, left, bottom, right] = layer.padding;
  const count = (axis: "height" | "width", size: number, before: number, after: number): number => {
    const at = axis === "height" ? 0 : 1;
    const kernel = layer.kernel[at];
    const stride = layer.stride[at];
    const padded = size + before + after;
    if (kernel > padded) throw networkErrors.kernelTooLarge(layer.name, axis, kernel, padded);
    const rest = (padded - kernel) % stride;
    const whole = (padded - kernel - rest) / stride + 1;
    if (layer.rounding === "floor" || rest === 0) return whole;
    // An added window that would start behind the map sees nothing: Caffe's pooling_layer.cpp drops it.
    return whole * stride < size + before ? whole + 1 : whole;
  };
  return [count("height", height, top, bottom), count("width", width, left, right)];
}
