/** A network and its weights as an ONNX model, with response normalisation in the form that suits a runtime. */
import {
  dividedAlpha,
  type Layer,
  type LocalResponseNormalisation,
  type Network,
} from "../../lib/network/layers.js";
import { defineNetwork } from "../../lib/network/define.js";
import { reachOf } from "../../lib/network/shapes.js";
import { modelPieces, writePieces } from "../../lib/weights/onnx/write-model.js";
import type { Steps } from "../../lib/weights/onnx/write-steps.js";
import { lengthOf } from "../../lib/weights/protobuf/encode.js";
import type { Weights } from "../../lib/weights/weights.js";

/**
 * How a response normalisation is written: as the LRN operator of ONNX, or as the operators that PyTorch exports
 * `local_response_norm` to. Which of them a runtime is faster with depends on the runtime and on the network.
 */
export const LRN_EXPORTS = ["operator", "elementary"] as const;
export type LrnExport = (typeof LRN_EXPORTS)[number];

/** What a model gives: the values before softmax, or those behind it, as a user wants them. */
export type ModelOutput = "logits" | "probabilities";

/**
 * The bytes of a model file. Input "input" [N, C, H, W], one output.
 * @throws AlexNetError WEIGHTS_UNWRITABLE for a layer that no operator computes.
 */
export async function onnxModel(
  network: Network,
  weights: Weights,
  lrn: LrnExport,
  output: ModelOutput,
): Promise<Uint8Array> {
  const layers = network.layers.filter((layer) => !isLeftOut(layer, output));
  const pieces = modelPieces(network.name, defineNetwork({ ...network, layers }), {
    ...(lrn === "elementary" && { writeNormalisation: writeElementary }),
  });
  const model = new Uint8Array(lengthOf(pieces));
  let done = 0;
  await writePieces(pieces, weights, (bytes) => {
    model.set(bytes, done);
    done += bytes.length;
    return Promise.resolve();
  });
  return model;
}

/** Dropout that is scaled in training is nothing in inference. */
const isLeftOut = (layer: Layer, output: ModelOutput): boolean =>
  (layer.type === "softmax" && output === "logits") ||
  (layer.type === "dropout" && layer.scaling === "train");

/** x / (k + alpha * mean of x^2 over neighbouring planes)^beta, as torch.nn.functional.local_response_norm has it. */
function writeElementary(steps: Steps, layer: LocalResponseNormalisation): void {
  const { size, beta, k } = layer;
  const { before, after } = reachOf(layer);
  const indices = (part: string, values: readonly number[]): string =>
    steps.constant(part, BigInt64Array.from(values, BigInt), [values.length]);
  const number = (part: string, value: number): string => steps.constant(part, Float32Array.of(value), []);
  const axis = indices("axis", [1]);
  const x = steps.value;
  steps.before("Mul", "squares", [x]);
  steps.before("Unsqueeze", "planes", [axis]);
  steps.before("Pad", "padded", [indices("pads", [0, 0, before, 0, 0, 0, 0, after, 0, 0])]);
  steps.before("AveragePool", "means", [], {
    kernel_shape: [size, 1, 1],
    strides: [1, 1, 1],
    pads: [0, 0, 0, 0, 0, 0],
  });
  steps.before("Squeeze", "mean", [axis]);
  steps.before("Mul", "scaled", [number("alpha", dividedAlpha(layer))]);
  steps.before("Add", "base", [number("k", k)]);
  steps.before("Pow", "divisor", [number("beta", beta)]);
  const divisor = steps.value;
  steps.value = x;
  steps.last("Div", [divisor]);
}
