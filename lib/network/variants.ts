/**
 * The five published forms of AlexNet. They differ in the order of pooling and normalisation, in grouping,
 * in the constants of the normalisation and in where conv1's windows lie; none can stand in for another
 * with trained weights.
 */
import { networkErrors } from "../errors/network.js";
import { defineNetwork } from "./define.js";
import type { Network } from "./layers.js";

type Description = Record<string, unknown>;

const relu = (name: string): Description => ({ type: "relu", name });
const pool = (name: string, rounding: "floor" | "ceil"): Description => ({
  type: "max-pooling",
  name,
  kernel: 3,
  stride: 2,
  rounding,
});
const conv = (name: string, outChannels: number, kernel: number, more: Description = {}): Description => ({
  type: "convolution",
  name,
  outChannels,
  kernel,
  ...more,
});
const full = (name: string, outFeatures: number): Description => ({
  type: "fully-connected",
  name,
  outFeatures,
});
const dropout = (name: string, scaling: "train" | "test"): Description => ({
  type: "dropout",
  name,
  rate: 0.5,
  scaling,
});
const softmax: Description = { type: "softmax", name: "prob" };
const flatten: Description = { type: "flatten", name: "flatten" };

/** conv3 to conv5, the same in the three two-tower forms: conv3 reads both towers. */
const groupedConvolutions: Description[] = [
  conv("conv3", 384, 3, { padding: 1 }),
  relu("relu3"),
  conv("conv4", 384, 3, { padding: 1, groups: 2 }),
  relu("relu4"),
  conv("conv5", 256, 3, { padding: 1, groups: 2 }),
  relu("relu5"),
  pool("pool5", "ceil"),
];

/** fc6 to fc8 with dropout behind fc6 and fc7, as in the paper and in Caffe. */
const classifier = (scaling: "train" | "test"): Description[] => [
  flatten,
  full("fc6", 4096),
  relu("relu6"),
  dropout("drop6", scaling),
  full("fc7", 4096),
  relu("relu7"),
  dropout("drop7", scaling),
  full("fc8", 1000),
  softmax,
];

/**
 * The paper's two towers. Response normalisation with the constants and the formula of section 3.3 (k = 2,
 * alpha not divided by the size) inside each tower, before pooling; dropout's factor 0.5 applied in inference
 * (section 4.2). Input 224 x 224: the original program rounds conv1's windows up to 55, and the last window
 * overhangs the image by 3 pixels at the right and the bottom (cuda-convnet, layer.py).
 */
export function alexnet2012(): Network {
  const norm = (name: string): Description => ({
    type: "local-response-normalisation",
    name,
    size: 5,
    alpha: 1e-4,
    beta: 0.75,
    k: 2,
    alphaDividedBySize: false,
    scope: "tower",
  });
  return defineNetwork({
    name: "alexnet2012",
    input: [3, 224, 224],
    layers: [
      conv("conv1", 96, 11, { stride: 4, rounding: "ceil" }),
      relu("relu1"),
      norm("norm1"),
      pool("pool1", "ceil"),
      conv("conv2", 256, 5, { padding: 2, groups: 2 }),
      relu("relu2"),
      norm("norm2"),
      pool("pool2", "ceil"),
      ...groupedConvolutions,
      ...classifier("test"),
    ],
  });
}

/** Caffe's normalisation: k = 1, alpha divided by the size, over all channels of both towers. */
const caffeNorm = (name: string): Description => ({
  type: "local-response-normalisation",
  name,
  size: 5,
  alpha: 1e-4,
  beta: 0.75,
  k: 1,
  alphaDividedBySize: true,
  scope: "across",
});

/** BVLC CaffeNet: pooling before normalisation, then split in two. Input 227 x 227. */
export function caffenet(): Network {
  return defineNetwork({
    name: "caffenet",
    input: [3, 227, 227],
    layers: [
      conv("conv1", 96, 11, { stride: 4 }),
      relu("relu1"),
      pool("pool1", "ceil"),
      caffeNorm("norm1"),
      conv("conv2", 256, 5, { padding: 2, groups: 2 }),
      relu("relu2"),
      pool("pool2", "ceil"),
      caffeNorm("norm2"),
      ...groupedConvolutions,
      ...classifier("train"),
    ],
  });
}

/** BVLC AlexNet: normalisation across the towers, before pooling. Input 227 x 227. */
export function bvlcAlexnet(): Network {
  return defineNetwork({
    name: "bvlc-alexnet",
    input: [3, 227, 227],
    layers: [
      conv("conv1", 96, 11, { stride: 4 }),
      relu("relu1"),
      caffeNorm("norm1"),
      pool("pool1", "ceil"),
      conv("conv2", 256, 5, { padding: 2, groups: 2 }),
      relu("relu2"),
      caffeNorm("norm2"),
      pool("pool2", "ceil"),
      ...groupedConvolutions,
      ...classifier("train"),
    ],
  });
}

/** fc6 to fc8 with dropout before fc6 and fc7, as in the PyTorch forms. */
const torchClassifier: Description[] = [
  flatten,
  dropout("drop6", "train"),
  full("fc6", 4096),
  relu("relu6"),
  dropout("drop7", "train"),
  full("fc7", 4096),
  relu("relu7"),
  full("fc8", 1000),
  softmax,
];

/**
 * The 2012 sizes without groups and without normalisation, as a PyTorch module of one tower. Descriptions of it
 * speak of 224 x 224, but its first convolution pads nothing and its classifier wants 9216 features, which only
 * inputs of 227 to 258 give: here it is 227 x 227.
 */
export function singleTower(): Network {
  return defineNetwork({
    name: "single-tower",
    input: [3, 227, 227],
    layers: [
      conv("conv1", 96, 11, { stride: 4 }),
      relu("relu1"),
      pool("pool1", "floor"),
      conv("conv2", 256, 5, { padding: 2 }),
      relu("relu2"),
      pool("pool2", "floor"),
      conv("conv3", 384, 3, { padding: 1 }),
      relu("relu3"),
      conv("conv4", 384, 3, { padding: 1 }),
      relu("relu4"),
      conv("conv5", 256, 3, { padding: 1 }),
      relu("relu5"),
      pool("pool5", "floor"),
      ...torchClassifier,
    ],
  });
}

/**
 * torchvision's `alexnet` ("One weird trick", 2014): 64-192-384-256-256 channels, no groups, no normalisation.
 * Input 224 x 224, where its adaptive average pooling to 6 x 6 does nothing and is left out.
 */
export function torchvision(): Network {
  return defineNetwork({
    name: "torchvision",
    input: [3, 224, 224],
    layers: [
      conv("conv1", 64, 11, { stride: 4, padding: 2 }),
      relu("relu1"),
      pool("pool1", "floor"),
      conv("conv2", 192, 5, { padding: 2 }),
      relu("relu2"),
      pool("pool2", "floor"),
      conv("conv3", 384, 3, { padding: 1 }),
      relu("relu3"),
      conv("conv4", 256, 3, { padding: 1 }),
      relu("relu4"),
      conv("conv5", 256, 3, { padding: 1 }),
      relu("relu5"),
      pool("pool5", "floor"),
      ...torchClassifier,
    ],
  });
}

/** The published forms by function, as users write them. */
export const networks = { alexnet2012, caffenet, bvlcAlexnet, singleTower, torchvision };

/** The names that `--model` and weight files use. */
export const MODEL_NAMES = [
  "alexnet2012",
  "caffenet",
  "bvlc-alexnet",
  "single-tower",
  "torchvision",
] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

const BY_NAME: Record<ModelName, () => Network> = {
  alexnet2012,
  caffenet,
  "bvlc-alexnet": bvlcAlexnet,
  "single-tower": singleTower,
  torchvision,
};

/** @throws AlexNetError OPTION_INVALID for a name that is not in MODEL_NAMES. */
export function networkByName(name: string): Network {
  if (!(MODEL_NAMES as readonly string[]).includes(name))
    throw networkErrors.unknownVariant(name, MODEL_NAMES);
  return BY_NAME[name as ModelName]();
}
