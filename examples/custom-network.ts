/** A network of one's own, with weights from memory, and the values inside it. */
import ndarray from "ndarray";
import { createEngine, defineNetwork, initWeights, summarise } from "alexnet-threads";

const network = defineNetwork({
  name: "small-towers",
  input: [3, 32, 32],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 32, kernel: 5, padding: 2 },
    { type: "relu", name: "relu1" },
    { type: "max-pooling", name: "pool1", kernel: 3, stride: 2, rounding: "ceil" },
    { type: "convolution", name: "conv2", outChannels: 64, kernel: 5, padding: 2, groups: 2 },
    { type: "relu", name: "relu2" },
    { type: "fully-connected", name: "fc3", outFeatures: 10 },
  ],
});
console.log(summarise(network).totals);

await using engine = await createEngine({
  network,
  weights: initWeights(network, 7),
  threads: 2,
  maxBatch: 4,
});
const input = ndarray(
  Float32Array.from({ length: 4 * 3 * 32 * 32 }, (_, i) => Math.sin(i)),
  [4, 3, 32, 32],
);
const { conv2, fc3 } = await engine.activations(input, ["conv2", "fc3"]);
console.log(
  `conv2 [${conv2.shape.join(", ")}], fc3 [${fc3.shape.join(", ")}], kernels ${engine.kernels.set}`,
);
