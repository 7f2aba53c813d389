/**
 * What training adds to a network's operations: a gradient for every tensor behind the first weights, and for each
 * convolution whose input has one, the convolution that takes it there: of dy, with the filters turned round and their
 * inputs and outputs exchanged. That is an operation like those of a forward pass, and is planned like them.
 */
import type { Convolution, Network } from "../../network/layers.js";
import type { ShapedLayer } from "../../network/shapes.js";
import { trainingErrors } from "../../errors/training.js";
import { algorithmFor, type PlannedConvolutions } from "../algorithm.js";
import {
  lower,
  paddingFor,
  type ConvolutionOperation,
  type Operation,
  type OperationGraph,
  type Tensor,
  type WeightedOperation,
} from "../operations.js";

export interface TrainingGraph {
  readonly forward: OperationGraph;
  /**
   * The gradients, numbered as the tensors of the forward pass, and behind them those of convolutions with a stride once
   * more, as maps with zeros between the pixels. Its operations are the turned convolutions, by the forward one's index.
   */
  readonly backward: OperationGraph;
  readonly turned: ReadonlyMap<number, ConvolutionOperation>;
  /**
   * For each tensor of the forward pass the one of the backward graph that holds its gradient: that of the tensor before
   * an element-wise operation, which works in place; undefined before the first weights.
   */
  readonly gradients: readonly (number | undefined)[];
  /** The first operation with weights. */
  readonly first: WeightedOperation;
}

/** Stages of a step: what commands are counted and timed by. */
export const PHASES = ["forward", "filters", "input gradient", "weights gradient", "update"] as const;
export type Phase = (typeof PHASES)[number];

/** The number of an operation's stage, for commands. */
export const stageOf = ({ operations }: OperationGraph, index: number, phase: Phase): number =>
  PHASES.indexOf(phase) * operations.length + index;
/** The number of the loss's stage. */
export const lossStage = ({ operations }: OperationGraph): number => PHASES.length * operations.length;

type Draft = { -readonly [Field in keyof Tensor]: Tensor[Field] };

/** @throws AlexNetError TRAINING_IMPOSSIBLE for a network without weights or whose output is a map, or a padding too wide. */
export function trainingGraph(network: Network, convolutions: PlannedConvolutions): TrainingGraph {
  const forward = lower(network, convolutions, { training: true });
  const { operations, tensors } = forward;
  const first = operations.find(hasWeights);
  if (first === undefined) throw trainingErrors.noWeights(network.name);
  const [, height, width] = tensors[tensors.length - 1].shape;
  if (height * width !== 1) throw trainingErrors.noClasses(network.name, tensors[tensors.length - 1].shape);
  const gradients: (number | undefined)[] = tensors.map(() => undefined);
  const drafts: Draft[] = tensors.map((tensor) => ({ ...tensor, padding: [0, 0, 0, 0], blockSize: 1 }));
  for (const operation of operations.slice(first.index))
    gradients[operation.output] =
      isElementwise(operation) && gradients[operation.input] !== undefined
        ? gradients[operation.input]
        : operation.output;
  for (const operation of operations.slice(first.index)) keepSlots(operation, operations, gradients, drafts);
  const turned = new Map<number, ConvolutionOperation>();
  for (const operation of operations.slice(first.index + 1))
    if (operation.kind === "convolution")
      turned.set(operation.index, turn(operation, forward, gradients, drafts));
  return {
    forward,
    backward: { towers: forward.towers, operations: [...turned.values()], tensors: drafts },
    turned,
    gradients,
    first,
  };
}

export const hasWeights = (operation: Operation): operation is WeightedOperation =>
  operation.kind === "convolution" || operation.kind === "fully-connected";

/** An operation whose gradient is made in the place of what it is given. */
export const isElementwise = (
  operation: Operation,
): operation is Extract<Operation, { kind: "activation" | "dropout" }> =>
  operation.kind === "activation" || operation.kind === "dropout";

/** The same operation without Winograd: its weights in the order of its sums. */
export const direct = (operation: WeightedOperation): WeightedOperation => {
  if (operation.kind === "fully-connected") return operation;
  const { winograd, ...rest } = operation;
  return winograd ? rest : operation;
};

/** A gradient has a slot for each image of a wave, unless the part behind the waves writes it. */
function keepSlots(
  operation: Operation,
  operations: readonly Operation[],
  gradients: readonly (number | undefined)[],
  drafts: Draft[],
): void {
  const gradient = gradients[operation.output];
  if (gradient === undefined) return;
  const next = operations.at(operation.index + 1);
  const whole = operation.scope === "batch" || next?.scope === "batch" || next === undefined;
  if (gradient === operation.output) drafts[gradient].slots = whole ? "batch" : "wave";
  else if (whole) drafts[gradient].slots = "batch";
}

function turn(
  { index, layer, shaped, input, output, winograd }: ConvolutionOperation,
  forward: OperationGraph,
  gradients: readonly (number | undefined)[],
  drafts: Draft[],
): ConvolutionOperation {
  const to = gradients[input];
  const from = gradients[output];
  if (to === undefined || from === undefined) throw new RangeError(`${layer.name}: it has no gradients`);
  const [kernelRows, kernelColumns] = layer.kernel;
  const before = [kernelRows - 1 - layer.padding[0], kernelColumns - 1 - layer.padding[1]] as const;
  if (Math.min(...before) < 0) throw trainingErrors.padding(layer.name, layer.padding, layer.kernel);
  const size = (axis: 0 | 1) => (shaped.output[axis + 1] - 1) * layer.stride[axis] + 1;
  // the last windows end where the input does, or overhang, or leave pixels out
  const behind = (axis: 0 | 1) =>
    Math.max(0, shaped.input[axis + 1] + layer.kernel[axis] - 1 - size(axis) - before[axis]);
  const turnedLayer: Convolution = {
    ...layer,
    outChannels: shaped.input[0],
    stride: [1, 1],
    padding: [before[0], before[1], behind(0), behind(1)],
    bias: false,
    rounding: "floor",
  };
  const turnedShape: ShapedLayer<Convolution> = {
    layer: turnedLayer,
    input: [shaped.output[0], size(0), size(1)],
    output: shaped.input,
  };
  const towers = { input: drafts[from].towers, output: drafts[to].towers };
  const algorithm = algorithmFor(turnedShape, towers, winograd ? "winograd" : "direct", false);
  let source = from;
  if (layer.stride.some((stride) => stride > 1)) {
    source = drafts.length;
    drafts.push({ ...drafts[from], id: source, shape: [shaped.output[0], size(0), size(1)] });
  }
  drafts[source].padding = paddingFor(turnedShape, algorithm.winograd);
  return {
    index: stageOf(forward, index, "input gradient"),
    kind: "convolution",
    layer: turnedLayer,
    shaped: turnedShape,
    input: source,
    output: to,
    rectified: false,
    scope: "wave",
    ...algorithm,
  };
}
