/** The recipes that come with the package. */
import type { Initialisation, Recipe } from "./recipe.js";

export const RECIPE_NAMES = ["paper", "original", "caffe", "cifar10", "mnist"] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** Crops of 224 and their mirror images out of 256 x 256 (the paper, section 4.1). */
const crops = { crop: "random", mirror: true };
/** With noise on the colours, whose components are measured on the training set. */
const cropsAndColours = { ...crops, colour: { sigma: 0.1, components: "measured" } };

/**
 * A standard deviation of sqrt(2 / n) for layers whose sums have n terms, and of 0.01 for the others (K. He et al., "Delving
 * deep into rectifiers", 2015, section 2.2); biases 0.
 */
const inputsOf = (terms: Readonly<Record<string, number>>): Initialisation => ({
  weights: { kind: "normal", sigma: 0.01 },
  biases: { kind: "constant", value: 0 },
  layers: Object.fromEntries(
    Object.entries(terms).map(([layer, count]) => [
      layer,
      { weights: { kind: "normal" as const, sigma: Math.sqrt(2 / count) } },
    ]),
  ),
});

const DESCRIPTIONS: Record<RecipeName, Omit<Recipe, "name">> = {
  /**
   * Krizhevsky, Sutskever and Hinton 2012, section 5: batches of 128, momentum 0.9, decay 0.0005, an equal rate of 0.01 for
   * all layers, divided by 10 three times when the validation error stopped improving, about 90 epochs. How long it had
   * to stop is not said: 5 epochs here. Biases without decay, as the original program has them (layer.cu).
   */
  paper: {
    network: "alexnet2012",
    epochs: 90,
    batch: 128,
    momentum: 0.9,
    rate: 0.01,
    weights: { rate: 1, decay: 0.0005 },
    biases: { rate: 1, decay: 0 },
    schedule: { kind: "plateau", factor: 0.1, patience: 5, divisions: 3 },
    augmentation: cropsAndColours,
    normalisation: { mean: "image", std: "none" },
  },

  /**
   * The original program, layers/layers-145.cfg with the diary in layers/layer-params-145.cfg: the rate of the weights to a
   * tenth at epochs 25, 51 and 79, that of conv1 at 67 in place of 79, and to 0 at 72, when its biases' became 0 too;
   * without colour noise from 67 on; ended in epoch 91. Biases keep 0.02 all the time. Weights start with a standard
   * deviation of 0.03 in conv3 to conv5 and of 0.01 elsewhere, biases at 1 or 0.
   */
  original: {
    network: "alexnet2012",
    epochs: 90,
    batch: 128,
    momentum: 0.9,
    rate: 0.01,
    weights: { rate: 1, decay: 0.0005 },
    biases: { rate: 2, decay: 0, schedule: { kind: "constant" } },
    layers: {
      conv1: {
        weights: {
          schedule: { kind: "step", at: { epochs: [25, 51, 67, 72] }, factor: [0.1, 0.1, 0.1, 0] },
        },
        biases: { schedule: { kind: "step", at: { epochs: [72] }, factor: 0 } },
      },
    },
    schedule: { kind: "step", at: { epochs: [25, 51, 79] }, factor: 0.1 },
    augmentation: cropsAndColours,
    augmentationChanges: [{ epoch: 67, augmentation: crops }],
    normalisation: { mean: "image", std: "none" },
    initialisation: {
      weights: { kind: "normal", sigma: 0.01 },
      biases: { kind: "constant", value: 0 },
      layers: {
        conv2: { biases: { kind: "constant", value: 1 } },
        conv3: { weights: { kind: "normal", sigma: 0.03 } },
        conv4: { weights: { kind: "normal", sigma: 0.03 }, biases: { kind: "constant", value: 1 } },
        conv5: { weights: { kind: "normal", sigma: 0.03 }, biases: { kind: "constant", value: 1 } },
        fc6: { biases: { kind: "constant", value: 1 } },
        fc7: { biases: { kind: "constant", value: 1 } },
      },
    },
  },

  /**
   * BVLC's models/bvlc_reference_caffenet and bvlc_alexnet, solver.prototxt and train_val.prototxt: 450,000 steps of 256
   * images, 90 epochs of ImageNet's 5,005 steps; biases at twice the rate, without decay (lr_mult, decay_mult); random
   * crops and their mirror images, no colour noise (readme.md).
   */
  caffe: {
    network: "caffenet",
    epochs: 90,
    batch: 256,
    momentum: 0.9,
    rate: 0.01,
    weights: { rate: 1, decay: 0.0005 },
    biases: { rate: 2, decay: 0 },
    schedule: { kind: "step", every: { steps: 100000 }, factor: 0.1 },
    augmentation: crops,
    normalisation: { mean: "image", std: "none" },
  },

  /**
   * For small networks on CIFAR-10's 32 x 32: momentum and decay of the paper, crops out of 2 pixels of padding and
   * mirror images, one cosine after one epoch of warm-up: what gets furthest in half an hour on two cores.
   */
  cifar10: {
    network: "cifar10",
    epochs: 14,
    batch: 64,
    momentum: 0.9,
    rate: 0.015,
    weights: { rate: 1, decay: 0.0005 },
    biases: { rate: 1, decay: 0 },
    schedule: { kind: "cosine", to: 0, warmUp: { epochs: 1 } },
    augmentation: { crop: "random", pad: 2, mirror: true },
    normalisation: { mean: "colour", std: "measured" },
    initialisation: inputsOf({ conv1: 75, conv2: 288, conv3: 1152, conv4: 864, fc5: 2048 }),
  },

  /**
   * For small networks on MNIST's 28 x 28 digits, which have no mirror images: crops out of 2 pixels of padding, one
   * cosine after half an epoch of warm-up.
   */
  mnist: {
    network: "mnist",
    epochs: 5,
    batch: 64,
    momentum: 0.9,
    rate: 0.015,
    weights: { rate: 1, decay: 0.0005 },
    biases: { rate: 1, decay: 0 },
    schedule: { kind: "cosine", to: 0, warmUp: { epochs: 0.5 } },
    augmentation: { crop: "random", pad: 2, mirror: false },
    normalisation: { mean: "colour", std: "measured" },
    initialisation: inputsOf({ conv1: 25, conv2: 400, conv3: 576, fc4: 3136 }),
  },
};

export const builtInRecipe = (name: RecipeName): Recipe => ({ name, ...DESCRIPTIONS[name] });
