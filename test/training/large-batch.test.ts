/** A fully connected layer's dx where its outputs go by in parts, each of which adds to what the ones before have left. */
import { expect } from "chai";
import type { KernelSetName } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { panelsTogether } from "../../lib/plan/training/input-blocks.js";
import { StepRunner } from "../../lib/training/step-runner.js";
import { compiledSets } from "../workers/kernels/registry.js";
import { seededInput, seededWeights } from "../seeded-weights.js";

/** As the gradients of PyTorch are compared in steps.test.ts. */
const BOUND = 1e-4;
/** No multiple of a panel. */
const BATCH = 250;
/** So few that all outputs go by together. */
const SMALL = 25;
const OUTPUTS = 1237;

/** Two towers of 3 x 3 and 5 channels: dx is in blocks of 24 and of 21 rows. */
const network = defineNetwork({
  name: "many-outputs",
  input: [4, 3, 3],
  layers: [
    { type: "convolution", name: "conv1", outChannels: 10, kernel: 3, padding: 1, groups: 2 },
    { type: "relu", name: "relu1" },
    { type: "flatten", name: "flatten" },
    { type: "fully-connected", name: "fc2", outFeatures: OUTPUTS },
    { type: "relu", name: "relu2" },
    { type: "fully-connected", name: "fc3", outFeatures: 7 },
  ],
});

/** The gradients of all parameters, one behind the other, by a runner for just these images. */
async function gradientsOf(
  kernels: KernelSetName,
  threads: number,
  [from, to]: readonly [number, number],
): Promise<Float32Array> {
  const batch = to - from;
  const runner = await StepRunner.create({
    ...{ network, weights: seededWeights(network), batch, seed: 1, kernels, threads },
    ...{ convolutions: "direct", tuningFile: false },
  });
  try {
    const size = elementsOf(network.input);
    runner.images.set(seededInput([BATCH, ...network.input]).subarray(from * size, to * size));
    for (let image = 0; image < batch; image++) runner.labels[image] = (5 * (from + image)) % 7;
    await runner.train(batch, 0);
    const tensors = runner.tensors("gradients").map((tensor) => {
      const values = new Float32Array(elementsOf(tensor.shape));
      tensor.read(0, values);
      return values;
    });
    return Float32Array.from(tensors.flatMap((values) => Array.from(values)));
  } finally {
    await runner.close();
  }
}

const sets = await compiledSets();

describe("gradients of a large batch", () => {
  for (const { name, panel } of sets)
    it(`by ${name}, with outputs in several parts: the mean of its small batches', the same bits for 1, 2 and 3 threads`, async () => {
      const panels = Math.ceil(OUTPUTS / panel);
      expect(panels)
        .to.be.above(2 * panelsTogether(BATCH, panel))
        .and.at.most(panelsTogether(SMALL, panel));
      const whole = await gradientsOf(name, 1, [0, BATCH]);
      const mean = new Float64Array(whole.length);
      for (let from = 0; from < BATCH; from += SMALL)
        for (const [i, value] of (await gradientsOf(name, 1, [from, from + SMALL])).entries())
          mean[i] += (value * SMALL) / BATCH;
      const largest = mean.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const worst = mean.reduce((most, value, i) => Math.max(most, Math.abs(value - whole[i])), 0);
      expect(worst / largest).to.be.at.most(BOUND);
      for (const threads of [2, 3])
        expect(await gradientsOf(name, threads, [0, BATCH]), `${threads} threads`).to.deep.equal(whole);
    });
});
