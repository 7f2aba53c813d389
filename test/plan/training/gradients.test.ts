/** The gradients of a whole plan against central differences of its loss, in float64 with the reference kernels. */
import { expect } from "chai";
import { defineNetwork } from "../../../lib/network/define.js";
import { Random, testSeed } from "../../random.js";
import { Float64Plan } from "./run-plan.js";

const seed = testSeed();

/** Two towers, and every kind of layer that training knows. */
const toy = defineNetwork({
  name: "toy",
  input: [3, 22, 21],
  layers: [
    {
      type: "convolution",
      name: "conv1",
      outChannels: 16,
      kernel: 5,
      stride: 2,
      padding: 1,
      rounding: "ceil",
    },
    {
      type: "local-response-normalisation",
      name: "norm1",
      size: 5,
      alpha: 0.4,
      beta: 0.75,
      k: 2,
      scope: "across",
    },
    { type: "relu", name: "relu1" },
    { type: "convolution", name: "conv2", outChannels: 16, kernel: 5, padding: 2, groups: 2 },
    { type: "relu", name: "relu2" },
    { type: "max-pooling", name: "pool2", kernel: 3, stride: 2, rounding: "ceil" },
    {
      type: "local-response-normalisation",
      name: "norm2",
      size: 4,
      alpha: 0.3,
      beta: 0.6,
      k: 1,
      scope: "tower",
    },
    { type: "convolution", name: "conv3", outChannels: 32, kernel: 3, padding: 1 },
    { type: "relu", name: "relu3" },
    { type: "dropout", name: "drop3", rate: 0.25, scaling: "train" },
    {
      type: "convolution",
      name: "conv4",
      outChannels: 14,
      kernel: 3,
      stride: 2,
      padding: 1,
      groups: 2,
      bias: false,
    },
    {
      type: "average-pooling",
      name: "pool4",
      kernel: 2,
      stride: 1,
      padding: 1,
      rounding: "floor",
      countPadding: true,
    },
    { type: "dropout", name: "drop4", rate: 0.5, scaling: "train" },
    { type: "flatten", name: "flatten" },
    { type: "fully-connected", name: "fc5", outFeatures: 22 },
    { type: "relu", name: "relu5" },
    { type: "dropout", name: "drop5", rate: 0.5, scaling: "test" },
    { type: "fully-connected", name: "fc6", outFeatures: 7 },
  ],
});

/** With three workers two waves, of three and of one. */
const IMAGES = 4;
/** Elements of each parameter whose gradient is looked at. */
const LOOKED_AT = 4;

for (const [convolutions, threads] of [
  ["direct", 1],
  ["winograd", 2],
  ["winograd", 3],
] as const)
  describe(`gradients of a plan, ${convolutions}, ${threads} threads (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const run = new Float64Plan({ network: toy, threads, maxBatch: IMAGES, convolutions });
    const { layout } = run.plan;
    run.fillWeights(random);
    run.fillInput(random, IMAGES);
    run.setLabels(Array.from({ length: IMAGES }, () => random.integer(0, 6)));
    run.words.set([seed, 17, 3], layout.generator / 4);
    const backwards = (count: number) => Array.from({ length: count }, (_, index) => count - 1 - index);
    run.run("training", IMAGES, backwards);
    const values = run.values.slice();

    for (const { operation, weights, towers, weightsTower, bias, biasTower } of layout.parameters.values())
      for (const [what, from, bytes] of [
        ["weights", weights, towers * weightsTower],
        ["biases", bias, operation.layer.bias ? towers * biasTower : 0],
      ] as const)
        if (bytes > 0)
          it(`${operation.layer.name}: ${what} agree with differences of the loss`, () => {
            const all = values.subarray(from / 4, (from + bytes) / 4);
            const gradient = values.subarray(
              (from + layout.toGradient) / 4,
              (from + layout.toGradient + bytes) / 4,
            );
            const largest = Math.max(...gradient.map(Math.abs));
            expect(largest, "largest gradient").to.be.above(1e-6);
            const taken = Array.from({ length: LOOKED_AT }, () => random.integer(0, all.length - 1));
            for (const at of taken.filter((index) => all[index] !== 0)) {
              const difference = [1, -1].map((sign) => {
                run.values.set(values);
                run.values[from / 4 + at] += sign * STEP;
                run.run("training", IMAGES);
                return run.loss(IMAGES);
              });
              const expected = (difference[0] - difference[1]) / (2 * STEP);
              expect(Math.abs(gradient[at] - expected), `element ${at}`).to.be.below(1e-6 * largest);
            }
          });
  });

/** The error of central differences is about STEP^2 of the third derivative, and 2^-52 / STEP by rounding. */
const STEP = 1e-5;
