/** From layers to nodes: every layer by operators of opset 17 that compute the same. */
import { onnxErrors } from "../../errors/onnx.js";
import {
  dividedAlpha,
  towersOf,
  type LocalResponseNormalisation,
  type Network,
  type Shape,
} from "../../network/layers.js";
import { parametersOf } from "../../network/parameters.js";
import { asMap, inferShapes, shareOf, type ShapedLayer } from "../../network/shapes.js";
import type { WrittenAttribute, WrittenNode, WrittenTensor } from "./write-node.js";
import { Steps, type Attributes } from "./write-steps.js";

export interface WrittenGraph {
  readonly nodes: readonly WrittenNode[];
  readonly tensors: readonly WrittenTensor[];
  readonly input: string;
  readonly output: string;
}

type Windowed = Extract<ShapedLayer["layer"], { kernel: unknown }>;

/** How a normalisation over all channels is written: from the value that the steps have to their last one's output. */
export type WriteNormalisation = (steps: Steps, layer: LocalResponseNormalisation) => void;

/** What a layer's nodes depend on beside the layer. */
interface Context {
  /** For errors. */
  readonly path: string;
  readonly towers: number;
  readonly writeNormalisation: WriteNormalisation;
}

/** By ONNX's own operator. */
const writeLrn: WriteNormalisation = (steps, layer) => {
  steps.last("LRN", [], {
    size: layer.size,
    alpha: { float: dividedAlpha(layer) },
    beta: { float: layer.beta },
    bias: { float: layer.k },
  });
};

/**
 * @param path the file, for errors
 * @throws AlexNetError WEIGHTS_UNWRITABLE for a layer that no operator computes.
 */
export function graphOf(
  path: string,
  network: Network,
  writeNormalisation: WriteNormalisation = writeLrn,
): WrittenGraph {
  const tensors: WrittenTensor[] = parametersOf(network).map(({ name, shape }) => ({ name, shape }));
  const nodes: WrittenNode[] = [];
  const towers = towersOf(network);
  // a layer may be called so, and no layer has a dot in its name
  const input = network.layers.some(({ name }) => name === "input") ? "input.0" : "input";
  let value = input;
  for (const shaped of inferShapes(network)) {
    const steps = new Steps(shaped.layer.name, value);
    writeLayer(shaped, steps, { path, towers, writeNormalisation });
    nodes.push(...steps.nodes);
    tensors.push(...steps.tensors);
    value = steps.value;
  }
  return { nodes, tensors, input, output: value };
}

/** Inside towers: each tower's channels as an image of their own, so that the window ends where they end. */
function writeScope(
  layer: LocalResponseNormalisation,
  input: Shape,
  steps: Steps,
  { towers, writeNormalisation: write }: Context,
): void {
  const [channels, height, width] = asMap(input);
  const parts = layer.scope === "tower" ? shareOf(channels, towers) : 1;
  if (parts === 1) {
    write(steps, layer);
    return;
  }
  const shapeOf = (count: number) => BigInt64Array.from([-1, count, height, width], BigInt);
  steps.before("Reshape", "towers", [steps.constant("towers.shape", shapeOf(channels / parts), [4])]);
  steps.within("normalised", (own) => {
    write(own, layer);
  });
  steps.last("Reshape", [steps.constant("joined.shape", shapeOf(channels), [4])]);
}

function writeLayer(shaped: ShapedLayer, steps: Steps, context: Context): void {
  const { path } = context;
  const { layer, input } = shaped;
  const { name } = layer;
  const parameters = "bias" in layer && layer.bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`];
  switch (layer.type) {
    case "convolution":
      // zeros behind the map are what an overhanging window reads
      steps.last("Conv", parameters, { ...windows(layer, padded(shaped, layer)), group: layer.groups });
      return;
    case "max-pooling":
      steps.last("MaxPool", [], poolingWindows(shaped, layer));
      return;
    case "average-pooling": {
      const counted = layer.countPadding && layer.padding.some((side) => side > 0);
      const more = padded(shaped, layer).some((side, index) => side !== layer.padding[index]);
      // readers do not agree on how many elements of such a window count
      if (counted && more && layer.rounding === "ceil")
        throw onnxErrors.unwritableLayer(
          path,
          name,
          "ONNX does not say what a window that overhangs counted padding is divided by",
          'use rounding "floor" or countPadding false',
        );
      steps.last("AveragePool", [], {
        ...poolingWindows(shaped, layer),
        count_include_pad: counted ? 1 : 0,
      });
      return;
    }
    case "local-response-normalisation":
      writeScope(layer, input, steps, context);
      return;
    case "fully-connected":
      if (input.length === 3) steps.before("Flatten", "flat", [], { axis: 1 });
      steps.last("Gemm", parameters, { transB: 1 });
      return;
    case "dropout": {
      const value = layer.scaling === "train" ? layer.rate : 1 - layer.rate;
      const factor = Math.fround(value);
      if (layer.scaling === "test" && !(factor > 0))
        throw onnxErrors.unwritableLayer(
          path,
          name,
          `1 - rate is ${value}, which is 0 as float32`,
          "use a smaller rate",
        );
      const constant = steps.constant(
        layer.scaling === "train" ? "ratio" : "keep",
        Float32Array.of(factor),
        [],
      );
      steps.last(layer.scaling === "train" ? "Dropout" : "Mul", [constant]);
      return;
    }
    case "relu":
      steps.last("Relu");
      return;
    case "flatten":
      steps.last("Flatten", [], { axis: 1 });
      return;
    case "softmax":
      steps.last("Softmax", [], { axis: 1 });
      return;
  }
}

const windows = (
  { kernel, stride }: Windowed,
  pads: readonly number[],
): Record<string, WrittenAttribute> => ({
  kernel_shape: kernel,
  strides: stride,
  pads,
});

/** The padding, and at the end as much as the last window overhangs: then no rounding is needed. */
function padded({ input, output }: ShapedLayer, { kernel, stride, padding }: Windowed): number[] {
  const [top, left, bottom, right] = padding;
  const overhang = (axis: 0 | 1, sides: number) =>
    Math.max((output[axis + 1] - 1) * stride[axis] + kernel[axis] - input[axis + 1] - sides, 0);
  return [top, left, bottom + overhang(0, top + bottom), right + overhang(1, left + right)];
}

/**
 * ceil_mode where it is said and gives the layer's windows. Before opset 22 it is not said that a window which would
 * start behind the map is dropped: there, padding says how many windows there are.
 */
function poolingWindows(shaped: ShapedLayer, layer: Windowed): Attributes {
  const { padding, kernel, stride } = layer;
  const { input, output } = shaped;
  if (layer.rounding === "floor") return windows(layer, padding);
  const rounded = ([0, 1] as const).every((axis) => {
    const size = input[axis + 1] + padding[axis] + padding[axis + 2];
    return Math.ceil((size - kernel[axis]) / stride[axis]) + 1 === output[axis + 1];
  });
  return rounded ? { ...windows(layer, padding), ceil_mode: 1 } : windows(layer, padded(shaped, layer));
}
