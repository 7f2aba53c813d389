/** A small run with everything that is random in it: crops, mirror images, colour noise, dropout. */
import { defineNetwork } from "../../lib/network/define.js";
import type { Dataset } from "../../lib/training/data/dataset.js";
import { datasetFrom } from "../../lib/training/data/from-items.js";
import type { TrainerOptions } from "../../lib/training/options.js";
import type { Recipe } from "../../lib/training/recipes/recipe.js";
import { Random } from "../random.js";

const CLASSES = 3;

/** Two towers, normalisation, overlapping pooling and dropout. */
export const network = defineNetwork({
  name: "small",
  input: [3, 12, 12],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 16, kernel: 3, padding: 1 },
    { type: "relu", name: "relu1" },
    { type: "max-pooling", name: "pool1", kernel: 3, stride: 2, rounding: "ceil" },
    {
      type: "local-response-normalisation",
      name: "norm1",
      size: 5,
      alpha: 0.05,
      beta: 0.75,
      k: 1,
      scope: "across",
    },
    { type: "convolution", name: "conv2", outChannels: 16, kernel: 3, padding: 1, groups: 2 },
    { type: "relu", name: "relu2" },
    { type: "flatten", name: "flatten" },
    { type: "fully-connected", name: "fc3", outFeatures: 24 },
    { type: "relu", name: "relu3" },
    { type: "dropout", name: "drop3", rate: 0.5, scaling: "test" },
    { type: "fully-connected", name: "fc4", outFeatures: CLASSES },
  ],
});

export const recipe: Recipe = {
  name: "small",
  epochs: 4,
  batch: 10,
  momentum: 0.9,
  rate: 0.05,
  weights: { rate: 1, decay: 0.0005 },
  biases: { rate: 2, decay: 0 },
  schedule: { kind: "cosine", to: 0, warmUp: { steps: 3 } },
  augmentation: { crop: "random", pad: 2, mirror: true, colour: { sigma: 0.1, components: "measured" } },
  normalisation: { mean: "image", std: "none" },
  initialisation: { weights: { kind: "normal", sigma: 0.1 }, biases: { kind: "constant", value: 0 } },
};

/** Noise in which the class is the brightest channel. */
export function images(count: number, seed: number): Promise<Dataset> {
  const random = new Random(seed);
  return datasetFrom(
    Array.from({ length: count }, (_, index) => {
      const label = index % CLASSES;
      const data = Uint8Array.from(
        { length: 12 * 12 * 3 },
        (__, at) => random.integer(0, 99) + (at % 3 === label ? 100 : 0),
      );
      return { label, image: { width: 12, height: 12, channels: 3 as const, data } };
    }),
  );
}

export const smallRun = async (): Promise<TrainerOptions> => ({
  network,
  recipe,
  data: { training: await images(57, 1), validation: await images(21, 2) },
  seed: 7,
  tuningFile: false,
  convolutions: "rule",
  rowEvery: 4,
});
