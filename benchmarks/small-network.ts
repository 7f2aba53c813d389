/** A network for smoke tests: two towers and every kind of layer, a thousandth of the work. */
import { defineNetwork } from "../lib/network/define.js";
import type { Network } from "../lib/network/layers.js";

export const smallNetwork = (): Network =>
  defineNetwork({
    name: "small",
    input: [3, 67, 67],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 32, kernel: 11, stride: 4 },
      { type: "relu", name: "relu1" },
      { type: "max-pooling", name: "pool1", kernel: 3, stride: 2, rounding: "ceil" },
      { type: "local-response-normalisation", name: "norm1", size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
      { type: "convolution", name: "conv2", outChannels: 64, kernel: 5, padding: 2, groups: 2 },
      { type: "relu", name: "relu2" },
      { type: "convolution", name: "conv3", outChannels: 64, kernel: 3, padding: 1 },
      { type: "relu", name: "relu3" },
      { type: "average-pooling", name: "pool3", kernel: 2 },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc6", outFeatures: 128 },
      { type: "relu", name: "relu6" },
      { type: "dropout", name: "drop6", rate: 0.5, scaling: "test" },
      { type: "fully-connected", name: "fc8", outFeatures: 10 },
      { type: "softmax", name: "prob" },
    ],
  });
