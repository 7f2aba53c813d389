/** A network and its weights as an ONNX model, the way that PyTorch would export it. */
import type { Layer, LocalResponseNormalisation, Network, Pooling } from "../../lib/network/layers.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { inferShapes, type ShapedLayer } from "../../lib/network/shapes.js";
import type { Weights } from "../../lib/weights/weights.js";
import { floats, indices, node, scalar, value, type Node } from "./onnx-nodes.js";
import * as protobuf from "./protobuf.js";

/**
 * How a response normalisation is written: as the LRN operator of ONNX, or as the operators that PyTorch exports
 * `local_response_norm` to. Which of them a runtime is faster with depends on the runtime and on the network.
 */
export const LRN_EXPORTS = ["operator", "elementary"] as const;
export type LrnExport = (typeof LRN_EXPORTS)[number];

/** What a model gives: the values before softmax, or those behind it, as a user wants them. */
export type ModelOutput = "logits" | "probabilities";

const INPUT = "input";
/** The first opset in which every operator here has the form that it still has in opset 17. */
const OPSET = 13;
const IR_VERSION = 8;

/**
 * The bytes of a model file. Input "input" [N, C, H, W], one output.
 * @throws RangeError for a layer that has no counterpart here.
 */
export async function onnxModel(
  network: Network,
  weights: Weights,
  lrn: LrnExport,
  output: ModelOutput,
): Promise<Uint8Array> {
  const graph: protobuf.Chunks[] = [protobuf.text(2, network.name)];
  await weights.stream(async (read) => {
    for (const { name, shape } of parametersOf(network)) {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await read(name, 0, values);
      graph.push(floats(name, shape, values));
    }
  });
  let current = INPUT;
  const shaped = inferShapes(network);
  for (const layer of shaped) {
    if (isLeftOut(layer.layer, output)) continue;
    const nodes = isLrn(layer) && lrn === "elementary" ? elementary(layer, current) : single(layer, current);
    graph.push(...nodes);
    current = layer.layer.name;
  }
  graph.push(value(11, INPUT, network.input), value(12, current, shaped[shaped.length - 1].output));
  return Buffer.concat([
    ...protobuf.integer(1, IR_VERSION),
    ...protobuf.text(2, "alexnet-threads"),
    ...protobuf.message(7, ...graph),
    ...protobuf.message(8, protobuf.text(1, ""), protobuf.integer(2, OPSET)),
  ]);
}

/** Dropout that is scaled in training is nothing in inference. */
const isLeftOut = (layer: Layer, output: ModelOutput): boolean =>
  (layer.type === "softmax" && output === "logits") ||
  (layer.type === "dropout" && layer.scaling === "train");

const isLrn = (shaped: ShapedLayer): shaped is ShapedLayer<LocalResponseNormalisation> =>
  shaped.layer.type === "local-response-normalisation";

/** A layer that is one operator. */
function single(shaped: ShapedLayer, input: string): protobuf.Chunks[] {
  const { layer } = shaped;
  const { name } = layer;
  const plain = (operator: string, inputs: string[] = [], attributes: Node["attributes"] = {}) =>
    node({ operator, inputs: [input, ...inputs], output: name, attributes });
  const parameters = "bias" in layer && layer.bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`];
  switch (layer.type) {
    case "convolution":
      if (overhangs(shaped)) throw new RangeError(`${name}: ONNX has no convolution whose windows overhang`);
      return [
        plain("Conv", parameters, {
          kernel_shape: layer.kernel,
          strides: layer.stride,
          pads: layer.padding,
          group: layer.groups,
        }),
      ];
    case "max-pooling":
      return [plain("MaxPool", [], pooled(layer, shaped))];
    case "average-pooling":
      return [
        plain("AveragePool", [], {
          ...pooled(layer, shaped),
          count_include_pad: layer.countPadding ? 1 : 0,
        }),
      ];
    case "local-response-normalisation": {
      const { size, beta, k } = checkLrn(layer);
      const attributes = {
        size,
        alpha: { float: alphaOf(layer) },
        beta: { float: beta },
        bias: { float: k },
      };
      return [plain("LRN", [], attributes)];
    }
    case "fully-connected":
      return [plain("Gemm", parameters, { transB: 1 })];
    case "relu":
      return [plain("Relu")];
    case "flatten":
      return [plain("Flatten")];
    case "dropout":
      return [scalar(`${name}.keep`, 1 - layer.rate), plain("Mul", [`${name}.keep`])];
    case "softmax":
      return [plain("Softmax", [], { axis: 1 })];
  }
}

/** A pooling's windows. */
const pooled = ({ kernel, stride, padding }: Pooling, shaped: ShapedLayer): Node["attributes"] => ({
  kernel_shape: kernel,
  strides: stride,
  pads: padding,
  // only where it changes something: a runtime may have a faster way without it
  ceil_mode: overhangs(shaped) ? 1 : 0,
});

/** x / (k + alpha * mean of x^2 over neighbouring planes)^beta, as torch.nn.functional.local_response_norm has it. */
function elementary({ layer }: ShapedLayer<LocalResponseNormalisation>, input: string): protobuf.Chunks[] {
  const { name, size, beta, k } = checkLrn(layer);
  const before = Math.floor((size - 1) / 2);
  const steps: [operator: string, more: string[], attributes?: Node["attributes"]][] = [
    ["Mul", [input]],
    ["Unsqueeze", [`${name}.axis`]],
    ["Pad", [`${name}.pads`]],
    ["AveragePool", [], { kernel_shape: [size, 1, 1], strides: [1, 1, 1], pads: [0, 0, 0, 0, 0, 0] }],
    ["Squeeze", [`${name}.axis`]],
    ["Mul", [`${name}.alpha`]],
    ["Add", [`${name}.k`]],
    ["Pow", [`${name}.beta`]],
  ];
  const outputOf = (step: number): string => (step < 0 ? input : `${name}.${step}`);
  return [
    indices(`${name}.axis`, [1]),
    indices(`${name}.pads`, [0, 0, before, 0, 0, 0, 0, size - 1 - before, 0, 0]),
    scalar(`${name}.alpha`, alphaOf(layer)),
    scalar(`${name}.k`, k),
    scalar(`${name}.beta`, beta),
    ...steps.map(([operator, more, attributes = {}], step) =>
      node({ operator, inputs: [outputOf(step - 1), ...more], output: outputOf(step), attributes }),
    ),
    node({ operator: "Div", inputs: [input, outputOf(steps.length - 1)], output: name }),
  ];
}

/** ONNX and PyTorch divide alpha by the size. */
const alphaOf = ({ alpha, size, alphaDividedBySize }: LocalResponseNormalisation): number =>
  alphaDividedBySize ? alpha : alpha * size;

function checkLrn(layer: LocalResponseNormalisation): LocalResponseNormalisation {
  if (layer.scope === "tower") throw new RangeError(`${layer.name}: ONNX has no normalisation inside towers`);
  return layer;
}

/** Whether there is a window that starts inside the padded map and ends behind it. */
function overhangs({ layer, input, output }: ShapedLayer): boolean {
  if (!("kernel" in layer)) return false;
  const [top, left, bottom, right] = layer.padding;
  const ends = (axis: 0 | 1) => (output[axis + 1] - 1) * layer.stride[axis] + layer.kernel[axis];
  return ends(0) > top + input[1] + bottom || ends(1) > left + input[2] + right;
}
