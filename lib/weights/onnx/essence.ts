/** Whether two networks compute the same, whatever their layers are called. */
import {
  towersOf,
  type AveragePooling,
  type LocalResponseNormalisation,
  type Network,
} from "../../network/layers.js";
import { asMap, elementsOf, inferShapes, shareOf, type ShapedLayer } from "../../network/shapes.js";

/**
 * What a network computes in inference, as text that is equal for networks that compute the same, as far as ONNX can
 * say it: without names, without what inference passes over (dropout scaled in training, flatten, and softmax, which
 * the engine's outputs stand before), and with constants as float32.
 */
export function essenceOf(network: Network): string {
  const shaped = inferShapes(network);
  const towers = towersOf(network);
  const output = shaped[shaped.length - 1].output;
  const steps = shaped.map((layer) => stepOf(layer, towers)).filter((step) => step !== undefined);
  return JSON.stringify([network.input, elementsOf(output), steps]);
}

function stepOf(shaped: ShapedLayer, towers: number): unknown {
  const { layer, input, output } = shaped;
  switch (layer.type) {
    case "flatten":
    case "softmax":
      return undefined;
    case "dropout":
      return layer.scaling === "train" || layer.rate === 0
        ? undefined
        : [layer.type, Math.fround(1 - layer.rate)];
    case "relu":
      return [layer.type];
    case "fully-connected":
      return [layer.type, layer.outFeatures, layer.bias];
    case "local-response-normalisation": {
      const parts = layer.scope === "tower" ? shareOf(asMap(input)[0], towers) : 1;
      const constants = [dividedAlpha(layer), layer.beta, layer.k].map(Math.fround);
      return [layer.type, layer.size, ...constants, parts];
    }
    case "convolution":
      return [layer.type, layer.outChannels, layer.groups, layer.bias, windowsOf(layer, output)];
    case "max-pooling":
      return [layer.type, windowsOf(layer, output)];
    case "average-pooling": {
      if (isNothing(layer)) return undefined;
      // where the padding ends is part of it only where it is counted
      const counted =
        layer.countPadding && layer.padding.some((side) => side > 0) ? layer.padding : undefined;
      return [layer.type, windowsOf(layer, output), counted];
    }
  }
}

/** Whether a pooling gives every pixel as it is: PyTorch's adaptive one, to the size that the map has. */
const isNothing = ({ kernel, stride, padding }: AveragePooling): boolean =>
  [...kernel, ...stride].every((size) => size === 1) && padding.every((side) => side === 0);

/** Alpha for a sum that is divided by the size, as ONNX divides it. */
export const dividedAlpha = ({ alpha, size, alphaDividedBySize }: LocalResponseNormalisation): number =>
  alphaDividedBySize ? alpha : alpha * size;

/** Where windows begin and how many there are: what padding and rounding at the end come to. */
function windowsOf(
  { kernel, stride, padding: [top, left] }: Extract<ShapedLayer["layer"], { kernel: unknown }>,
  output: readonly number[],
): readonly (readonly number[])[] {
  return [kernel, stride, [top, left], output];
}
