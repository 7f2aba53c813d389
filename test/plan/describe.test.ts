import { expect } from "chai";
import { KERNEL_SETS } from "../../lib/engine/kernel-sets.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { MODEL_NAMES, networkByName, type ModelName } from "../../lib/network/variants.js";
import {
  describePlan,
  type Cut,
  type OperationDescription,
  type PlanDescription,
} from "../../lib/plan/describe.js";
import { makePlan } from "../../lib/plan/plan.js";
import type { WeightsType } from "../../lib/plan/weights-type.js";

const planOf = (network: Network, threads: number, maxBatch: number): PlanDescription =>
  describePlan(makePlan({ network, tile: KERNEL_SETS.wide, threads, maxBatch }));

const crossingsOf = (name: ModelName): Record<string, number> =>
  Object.fromEntries(
    planOf(networkByName(name), 2, 16)
      .layers.filter(({ crossing }) => crossing > 0)
      .map(({ layers, crossing }) => [layers[0], crossing]),
  );

/** Both towers read the other's half of the whole input: C x H x W floats in all. */
const WHOLE = { conv3: 256 * 13 * 13 * 4, fc6: 9216 * 4, fc7: 4096 * 4, fc8: 4096 * 4 };
/** Each tower reads two channels of the other: 2 x 2 x H x W floats. */
const border = (size: number): number => 2 * 2 * size * size * 4;

/** How often each output of a cut is computed: [towers, images, channels of a tower, rows]. */
function timesComputed({ images, workers }: Cut, { output, towers }: OperationDescription): Uint8Array {
  const [channels, rows] = [output[0] / towers, output[1]];
  const times = new Uint8Array(towers * images * channels * rows);
  for (const slice of workers.flat())
    for (let n = slice.images[0]; n < slice.images[1]; n++)
      for (let c = slice.channels[0]; c < slice.channels[1]; c++) {
        const row = ((slice.tower * images + n) * channels + c) * rows;
        for (let y = slice.rows[0]; y < slice.rows[1]; y++) times[row + y]++;
      }
  return times;
}

describe("describePlan", () => {
  it("lets nothing cross but at conv3, the normalisation across the towers and the fully connected layers", () => {
    // conv3: 173,056 bytes, 13 x 13 x 128 floats each way
    expect(WHOLE.conv3).to.equal(173_056);
    expect(crossingsOf("alexnet2012")).to.deep.equal(WHOLE);
    expect(crossingsOf("caffenet")).to.deep.equal({ norm1: border(27), norm2: border(13), ...WHOLE });
    expect(crossingsOf("bvlc-alexnet")).to.deep.equal({ norm1: border(55), norm2: border(27), ...WHOLE });
    expect(crossingsOf("single-tower")).to.deep.equal({});
    expect(crossingsOf("torchvision")).to.deep.equal({});
  });

  it("counts both neighbours of a tower between two others", () => {
    const network = defineNetwork({
      name: "three",
      input: [3, 4, 5],
      layers: [
        { type: "convolution", name: "conv1", outChannels: 9, kernel: 1, groups: 3 },
        { type: "local-response-normalisation", name: "norm1", size: 4, alpha: 1, beta: 1, k: 1 },
        { type: "convolution", name: "conv2", outChannels: 5, kernel: 1 },
        { type: "fully-connected", name: "fc3", outFeatures: 3 },
      ],
    });
    const { layers, crossing } = planOf(network, 3, 2);
    // a window of 4 reaches 1 below and 2 above, over 2 borders; conv2's one piece is made of 2 other towers' parts
    const expected = [0, 0, 2 * (1 + 2) * 20 * 4, 6 * 20 * 4, 0];
    expect(layers.map((layer) => layer.crossing)).to.deep.equal(expected);
    expect(crossing).to.equal(expected.reduce((sum, bytes) => sum + bytes));
  });

  it("gives tower 0 to worker 0 of two, and tower 1 to worker 1", () => {
    for (const batch of [1, 2, 13])
      for (const { layers, cuts } of planOf(networkByName("caffenet"), 2, batch).layers)
        for (const { workers } of cuts)
          workers.forEach((slices, worker) => {
            // both towers read the whole input, which has none: the workers share its images
            if (layers[0] === "input") return;
            expect(slices, layers[0]).to.not.be.empty;
            for (const { tower } of slices) expect(tower, layers[0]).to.equal(worker);
          });
  });

  for (const model of MODEL_NAMES)
    it(`computes every output of ${model} once, whatever the threads and the batch`, () => {
      for (const threads of [1, 2, 3, 8])
        for (const batch of [1, 5, 16]) {
          const { layers, waves } = planOf(networkByName(model), threads, batch);
          expect(waves.reduce((sum, size) => sum + size, 0)).to.equal(batch);
          for (const layer of layers) {
            const title = `${layer.layers[0]}, ${threads} threads, batch ${batch}`;
            const images = layer.cuts.reduce((sum, cut) => sum + cut.images * cut.times, 0);
            expect(images, title).to.equal(batch);
            for (const cut of layer.cuts)
              expect(new Set(timesComputed(cut, layer)), title).to.deep.equal(new Set([1]));
          }
        }
    });

  it("marks where the workers meet, as often as they do", () => {
    const { layers, barriers, waves } = planOf(networkByName("caffenet"), 2, 16);
    expect(waves).to.deep.equal([8, 8]);
    const meetings = layers.filter(({ cuts }) => cuts[0].meeting).map(({ layers: names }) => names[0]);
    expect(meetings).to.deep.equal(["input", "conv1", "norm1", "norm2", "conv3", "fc6", "fc7", "fc8"]);
    // five a wave, but none at the start of the batch, and three of the fully connected layers
    expect(barriers).to.equal(2 * 5 - 1 + 3);
    const alone = planOf(networkByName("caffenet"), 1, 16);
    expect([alone.barriers, alone.layers.some(({ cuts }) => cuts[0].meeting)]).to.deep.equal([0, false]);
  });

  it("names the layers that an operation stands for, and how a convolution is computed", () => {
    const { layers } = planOf(networkByName("caffenet"), 2, 16);
    expect(layers.map(({ layers: names }) => names.join(" "))).to.deep.equal([
      "input",
      "conv1 relu1",
      "pool1",
      "norm1",
      "conv2 relu2",
      "pool2",
      "norm2",
      "conv3 relu3",
      "conv4 relu4",
      "conv5 relu5",
      "pool5 flatten",
      "fc6 relu6 drop6",
      "fc7 relu7 drop7",
      "fc8 prob",
    ]);
    const [, conv1, pool1] = layers;
    expect([conv1.algorithm, "algorithm" in pool1]).to.deep.equal(["winograd", false]);
    const direct = describePlan(
      makePlan({
        network: networkByName("caffenet"),
        tile: KERNEL_SETS.wide,
        threads: 2,
        maxBatch: 16,
        convolutions: "direct",
      }),
    );
    const algorithms = ({ layers: all }: PlanDescription) => all.flatMap(({ algorithm }) => algorithm ?? []);
    expect(algorithms(direct)).to.deep.equal(Array(5).fill("direct"));
    expect(algorithms(planOf(networkByName("caffenet"), 2, 16))).to.deep.equal(Array(5).fill("winograd"));
  });

  it("says how weights are stored, of every layer that has them and of no other", () => {
    const options = { tile: KERNEL_SETS.wide, threads: 2, maxBatch: 16 };
    const weightsOf = (more: { fcWeights?: WeightsType }) =>
      describePlan(makePlan({ network: networkByName("caffenet"), ...options, ...more })).layers.flatMap(
        ({ layers: [name], weights }) => (weights === undefined ? [] : [`${name} ${weights}`]),
      );
    const convolutions = [1, 2, 3, 4, 5].map((number) => `conv${number} float32`);
    const full = ["fc6 float32", "fc7 float32", "fc8 float32"];
    const half = ["fc6 bfloat16", "fc7 bfloat16", "fc8 bfloat16"];
    expect(weightsOf({})).to.deep.equal([...convolutions, ...full]);
    expect(weightsOf({ fcWeights: "float32" })).to.deep.equal([...convolutions, ...full]);
    expect(weightsOf({ fcWeights: "bfloat16" })).to.deep.equal([...convolutions, ...half]);
  });

  it("accounts for every byte of the memory", () => {
    const plan = makePlan({
      network: networkByName("caffenet"),
      tile: KERNEL_SETS.baseline,
      threads: 4,
      maxBatch: 3,
    });
    const { memory, kernels } = describePlan(plan);
    expect(kernels).to.deep.equal({ set: "baseline", rows: 4, panel: 8 });
    expect(Object.values(memory.kinds).reduce((sum, bytes) => sum + bytes)).to.equal(plan.memory.bytes);
    // the kernels' page, at most a cache line less one byte a region, and the rest of the last page
    expect(memory.kinds.other).to.be.within(65536, 65536 + memory.regions.length * 63 + 65535);
    // all 8 weight tensors are there, and the convolutions take no less room by Winograd
    expect(memory.kinds.weights).to.be.at.least(60_954_656 * 4);
    const ends = memory.regions.map(({ offset, bytes }) => offset + bytes);
    memory.regions.slice(1).forEach(({ offset }, index) => {
      expect(offset).to.be.at.least(ends[index]);
    });
  });
});
