/** Checkpoints for tests: a small network whose values tell the step that they are of. */
import { defineNetwork } from "../../../lib/network/define.js";
import { parametersOf } from "../../../lib/network/parameters.js";
import { elementsOf } from "../../../lib/network/shapes.js";
import type { CheckpointState, TensorPieces } from "../../../lib/training/checkpoint/state.js";
import { builtInRecipe } from "../../../lib/training/recipes/built-in.js";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";

/** About 100,000 parameters. */
export const network = defineNetwork({
  name: "small",
  input: [3, 32, 32],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 8, kernel: 3 },
    { type: "flatten", name: "flatten" },
    { type: "fully-connected", name: "fc2", outFeatures: 14 },
  ],
});

export const labels = Array.from({ length: 14 }, (_, index) => `class ${index}`);

/** Elements at a time: the pieces of a tensor share their memory. */
const PIECE = 20_000;

function* piecesOf(
  elements: number,
  fill: (start: number, out: Float32Array) => void,
): Generator<Float32Array> {
  const piece = new Float32Array(PIECE);
  for (let start = 0; start < elements; start += PIECE) {
    const out = piece.subarray(0, elements - start);
    fill(start, out);
    yield out;
  }
}

/** All weights are `weight`, all velocities `velocity`. */
export function constantState(step: number, weight: number, velocity: number): CheckpointState {
  const tensors = (value: number): TensorPieces[] =>
    parametersOf(network).map(({ name, shape }) => ({
      name,
      shape,
      values: piecesOf(elementsOf(shape), (_, out) => out.fill(value)),
    }));
  return stateOf(step, tensors(weight), tensors(velocity));
}

export function stateOf(
  step: number,
  weights: readonly TensorPieces[],
  velocities: readonly TensorPieces[],
): CheckpointState {
  return {
    network,
    preprocessing: PREPROCESSING.caffenet,
    labels,
    run: {
      seed: 2 ** 53 - 1,
      recipe: builtInRecipe("original"),
      data: { classes: labels, training: 50_000, validation: 5_000 },
      kernels: "baseline",
    },
    position: {
      step,
      epoch: 3,
      batch: 17,
      plateau: { best: 0.1 + 0.2, epochsSince: 2, divisions: 1 },
      best: { epoch: 2, accuracy: 1 / 3 },
      sums: { loss: 1e-300, correct: 2 ** 53 - 1, "odd name": -0.1 },
      seconds: 12.345678901234567,
    },
    weights,
    velocities,
  };
}
