/** A small network with two towers and one of every kind of layer, for tests that are not about numbers. */
import type { EngineOptions } from "../../lib/engine/engine.js";
import { defineNetwork } from "../../lib/network/define.js";
import { seededWeights } from "../seeded-weights.js";

export const smallNetwork = defineNetwork({
  name: "small",
  input: [3, 12, 10],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 8, kernel: 3, padding: 1 },
    { type: "relu", name: "relu1" },
    { type: "local-response-normalisation", name: "norm1", size: 3, alpha: 0.01, beta: 0.75, k: 2 },
    { type: "max-pooling", name: "pool1", kernel: 3, stride: 2, rounding: "ceil" },
    { type: "convolution", name: "conv2", outChannels: 16, kernel: 3, padding: 1, groups: 2 },
    { type: "relu", name: "relu2" },
    { type: "average-pooling", name: "pool2", kernel: 2, padding: 1, countPadding: true },
    { type: "flatten", name: "flatten" },
    { type: "fully-connected", name: "fc3", outFeatures: 12 },
    { type: "relu", name: "relu3" },
    { type: "dropout", name: "drop3", rate: 0.5, scaling: "test" },
    { type: "fully-connected", name: "fc4", outFeatures: 7 },
    { type: "softmax", name: "prob" },
  ],
});

export const smallWeights = seededWeights(smallNetwork);

/** Two threads, and batches of at most 4. */
export const small: EngineOptions = {
  network: smallNetwork,
  weights: smallWeights,
  threads: 2,
  maxBatch: 4,
  kernels: "baseline",
};
