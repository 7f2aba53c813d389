/**
 * Reads fixtures/training, which fixtures/make_training.py makes with PyTorch in float64: what training small twins of
 * the five networks gives, and the first step of caffenet. The input and the initial weights come from formulas.
 */
import { readdirSync, readFileSync } from "node:fs";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { elementsOf, inferShapes } from "../../lib/network/shapes.js";
import type { Weights } from "../../lib/weights/weights.js";
import type { Numbers } from "../compare.js";
import { float32, float64, int32, parseContainer, type GoldenTensor } from "../golden.js";
import { seededInput, seededWeights } from "../seeded-weights.js";

const FOLDER = new URL("../../../fixtures/training/", import.meta.url);

/** Elements of a tensor, or all of them, and how large the whole of it is. */
export interface Sample<Values extends Float32Array | Float64Array = Float32Array> {
  /** Of the whole tensor. */
  readonly shape: readonly number[];
  /** Flat, over `shape`. */
  readonly indices: Int32Array;
  readonly values: Values;
  /** What a difference is measured against: the largest absolute value of the whole tensor, not of the sample. */
  readonly largest: number;
  /** The L2 norm that goes with `largest`. */
  readonly norm: number;
}

/** The masks of a dropout layer, of every step. */
export interface GoldenMask {
  /** Its index in network.layers, which is in the counter of its random numbers. */
  readonly index: number;
  /** Whether a unit is kept; `unit`: flat, over the layer's values of one image [F] or [C, H, W]. */
  kept(step: number, image: number, unit: number): boolean;
}

/** v = momentum v - decay rate w - rate g; w = w + v (the paper's section 5). */
export interface UpdateRule {
  readonly momentum: number;
  /** Of weights. */
  readonly decay: number;
  readonly biasDecay: number;
  /** What a bias's rate is multiplied by. */
  readonly biasRate: number;
  /** The rate of each step. */
  readonly rates: readonly number[];
}

/** Ten steps on one batch, with other dropout masks in each. */
export interface GoldenRun {
  readonly rule: UpdateRule;
  /** The loss of each step, before its update. */
  readonly losses: Float64Array;
  /** The same by torch.optim.SGD, whose rate is outside of v: other losses once the rate has changed. */
  readonly torchLosses: Float64Array;
  /** Parameters behind the last update; `largest` and `norm` are those of the change since the first step. */
  readonly parameters: ReadonlyMap<string, Sample<Float64Array>>;
}

export interface TrainingGolden {
  readonly name: string;
  readonly network: Network;
  readonly batch: number;
  /** [N, C, H, W]. */
  readonly input: GoldenTensor<Float32Array>;
  /** Some elements of the input, as the Python side has them. */
  readonly inputSample: { readonly indices: Int32Array; readonly values: Float32Array };
  /** [N], from 0. */
  readonly labels: Int32Array;
  /** Before the first step. */
  readonly weights: Weights;
  /** Of the dropout masks. */
  readonly seed: number;
  /** The first step's loss, the mean over the batch. */
  readonly loss: number;
  /** [N], the first step's loss of each image. */
  readonly imageLosses: Float64Array;
  /** [N, classes], what the softmax sees in the first step. */
  readonly logits: GoldenTensor<Float64Array>;
  /** The gradient of the first step's loss to every parameter; whole for a twin, 200 elements for a whole network. */
  readonly gradients: ReadonlyMap<string, Sample>;
  /** The same to what each layer but flatten and softmax gives: conv1's is that of the values before relu1. */
  readonly layerGradients: ReadonlyMap<string, Sample>;
  readonly masks: ReadonlyMap<string, GoldenMask>;
  /**
   * How far the first step (a twin: every step) is from a ReLU or a pooling window that decides otherwise, as a share of
   * the largest of the values compared. A gradient that is computed with larger errors may differ as a whole.
   */
  readonly margin: number;
  /** Missing for a whole network. */
  readonly run?: GoldenRun;
}

/** The variants' twins; `WHOLE` is apart. */
export function trainingNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".safetensors") && !file.startsWith(WHOLE))
    .map((file) => file.slice(0, -".safetensors".length))
    .sort();
}

/** The whole of caffenet: its first step only. */
export const WHOLE = "caffenet-whole";

/** A case by its name: that of a variant for its twin, or `WHOLE`. */
export function readTraining(name: string): TrainingGolden {
  const { metadata, tensors } = parseContainer(readFileSync(new URL(`${name}.safetensors`, FOLDER)));
  const network = defineNetwork(JSON.parse(metadata.network));
  const batch = Number(metadata.batch);
  const shape = [batch, ...network.input];
  const losses = float64(tensors, "losses").data;
  return {
    name,
    network,
    batch,
    input: {
      shape,
      data: seededInput(shape, JSON.parse(metadata.input) as { tensor: number; scale: number }),
    },
    inputSample: {
      indices: int32(tensors, "input.index").data,
      values: float32(tensors, "input.value").data,
    },
    labels: int32(tensors, "labels").data,
    weights: seededWeights(network, JSON.parse(metadata.scales) as Record<string, number>),
    seed: Number(metadata.seed),
    loss: losses[0],
    imageLosses: float64(tensors, "losses.images").data,
    logits: float64(tensors, "logits"),
    gradients: new Map(
      parametersOf(network).map((parameter) => [
        parameter.name,
        tensors.has(`gradient.${parameter.name}`)
          ? wholeOf(float32(tensors, `gradient.${parameter.name}`))
          : sampleOf(tensors, `gradient.${parameter.name}`, parameter.shape),
      ]),
    ),
    layerGradients: new Map(
      inferShapes(network)
        .filter(({ layer }) => layer.type !== "flatten" && layer.type !== "softmax")
        .map(({ layer, output }) => [
          layer.name,
          sampleOf(tensors, `layer-gradient.${layer.name}`, [batch, ...output]),
        ]),
    ),
    masks: masksOf(network, tensors),
    margin: Number(metadata.margin),
    ...("rule" in metadata && { run: runOf(network, JSON.parse(metadata.rule) as UpdateRule, tensors) }),
  };
}

/** The largest difference at the sampled places, as a share of `largest`; infinite where a value is no number. */
export function worstDifference(actual: Numbers, golden: Sample<Float32Array | Float64Array>): number {
  const length = elementsOf(golden.shape);
  if (actual.length !== length)
    throw new Error(`got ${actual.length} elements, [${golden.shape.join(", ")}] has ${length}`);
  let worst = 0;
  golden.indices.forEach((index, at) => {
    const difference = Math.abs(actual[index] - golden.values[at]);
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  });
  return worst / golden.largest;
}

type Tensors = ReadonlyMap<string, GoldenTensor>;

function wholeOf({ shape, data }: GoldenTensor<Float32Array>): Sample {
  return {
    shape,
    indices: Int32Array.from(data, (_, index) => index),
    values: data,
    largest: data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
    norm: Math.sqrt(data.reduce((sum, value) => sum + value * value, 0)),
  };
}

function sampleOf(tensors: Tensors, name: string, shape: readonly number[]): Sample {
  const [largest, norm] = float64(tensors, `${name}.size`).data;
  return {
    shape,
    indices: int32(tensors, `${name}.index`).data,
    values: float32(tensors, `${name}.value`).data,
    largest,
    norm,
  };
}

function runOf(network: Network, rule: UpdateRule, tensors: Tensors): GoldenRun {
  return {
    rule,
    losses: float64(tensors, "losses").data,
    torchLosses: float64(tensors, "losses.torch").data,
    parameters: new Map(
      parametersOf(network).map(({ name, shape }) => {
        const [largest, norm] = float64(tensors, `final.${name}.change`).data;
        const indices = int32(tensors, `final.${name}.index`).data;
        return [
          name,
          { shape, indices, values: float64(tensors, `final.${name}.value`).data, largest, norm },
        ];
      }),
    ),
  };
}

/** [steps, N, words]: unit u is bit u % 32 of word floor(u / 32), the lowest bit first. */
function masksOf(network: Network, tensors: Tensors): Map<string, GoldenMask> {
  const masks = new Map<string, GoldenMask>();
  network.layers.forEach(({ type, name }, index) => {
    if (type !== "dropout") return;
    const { shape, data } = int32(tensors, `mask.${name}`);
    const [, images, words] = shape;
    masks.set(name, {
      index,
      kept: (step, image, unit) =>
        ((data[(step * images + image) * words + (unit >>> 5)] >>> (unit & 31)) & 1) === 1,
    });
  });
  return masks;
}
