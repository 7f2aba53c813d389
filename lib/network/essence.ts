/** Whether two networks compute the same, whatever their layers are called. */
import { dividedAlpha, towersOf, type AveragePooling, type Network } from "./layers.js";
import { asMap, inferShapes, shareOf, type ShapedLayer } from "./shapes.js";

/**
 * What a network computes in inference, as text that is equal for networks that compute the same before softmax, where
 * an engine's outputs are taken. Left out are names, and what inference passes over: dropout scaled in training,
 * flatten, softmax. Constants count as float32, since files of other programs keep them so, and windows by where they
 * begin and how many there are, since a file may say by padding what another says by rounding.
 */
export function essenceOf(network: Network): string {
  const towers = towersOf(network);
  const steps = inferShapes(network)
    .map((layer) => stepOf(layer, towers))
    .filter((step) => step !== undefined);
  return JSON.stringify([network.input, steps]);
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
export const isNothing = ({ kernel, stride, padding }: AveragePooling): boolean =>
  [...kernel, ...stride].every((size) => size === 1) && padding.every((side) => side === 0);

/** Where windows begin and how many there are: what padding and rounding at the end come to. */
function windowsOf(
  { kernel, stride, padding: [top, left] }: Extract<ShapedLayer["layer"], { kernel: unknown }>,
  output: readonly number[],
): readonly (readonly number[])[] {
  return [kernel, stride, [top, left], output];
}
