import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { summarise, type NetworkSummary } from "../../lib/network/summary.js";
import { MODEL_NAMES, networkByName, type ModelName } from "../../lib/network/variants.js";

/** Computed from the layer sizes of Krizhevsky et al. 2012, section 3.5, with its groups. */
const GROUPED = {
  weights: [34_848, 307_200, 884_736, 663_552, 442_368, 37_748_736, 16_777_216, 4_096_000],
  macs: [105_415_200, 223_948_800, 149_520_384, 112_140_288, 74_760_192, 37_748_736, 16_777_216, 4_096_000],
  totals: {
    parameters: 60_965_224,
    weights: 60_954_656,
    biases: 10_568,
    macs: 724_406_816,
    neurons: 659_272,
  },
};
interface Counts {
  readonly weights: readonly number[];
  readonly macs: readonly number[];
  readonly totals: NetworkSummary["totals"];
}
const COUNTS: Record<ModelName, Counts> = {
  alexnet2012: GROUPED,
  caffenet: GROUPED,
  "bvlc-alexnet": GROUPED,
  "single-tower": {
    weights: [34_848, 614_400, 884_736, 1_327_104, 884_736, 37_748_736, 16_777_216, 4_096_000],
    macs: [
      105_415_200, 447_897_600, 149_520_384, 224_280_576, 149_520_384, 37_748_736, 16_777_216, 4_096_000,
    ],
    totals: {
      parameters: 62_378_344,
      weights: 62_367_776,
      biases: 10_568,
      macs: 1_135_256_096,
      neurons: 659_272,
    },
  },
  // 61,100,840 is also what torchvision's own meta data say
  torchvision: {
    weights: [23_232, 307_200, 663_552, 884_736, 589_824, 37_748_736, 16_777_216, 4_096_000],
    macs: [70_276_800, 223_948_800, 112_140_288, 149_520_384, 99_680_256, 37_748_736, 16_777_216, 4_096_000],
    totals: {
      parameters: 61_100_840,
      weights: 61_090_496,
      biases: 10_344,
      macs: 714_188_480,
      neurons: 494_184,
    },
  },
};

describe("summarise", () => {
  for (const name of MODEL_NAMES) {
    const { weights, macs, totals } = COUNTS[name];
    it(`${name} has ${totals.parameters} parameters and ${totals.macs} multiply-adds`, () => {
      const network = networkByName(name);
      const summary = summarise(network);
      expect(summary.model).to.equal(name);
      expect(summary.layers.map((layer) => layer.name)).to.deep.equal(
        network.layers.map((layer) => layer.name),
      );
      const trained = summary.layers.filter((layer) => layer.weights > 0);
      expect(trained.map((layer) => layer.weights)).to.deep.equal(weights);
      expect(trained.map((layer) => layer.macs)).to.deep.equal(macs);
      expect(trained.map((layer) => layer.biases)).to.deep.equal(
        trained.map((layer) => layer.outputShape[0]),
      );
      expect(summary.totals).to.deep.equal(totals);
    });
  }

  it("counts nothing in a layer without weights, and no bias where there is none", () => {
    const { layers, totals } = summarise(
      defineNetwork({
        name: "case",
        input: [2, 4, 5],
        layers: [
          { type: "convolution", name: "conv", outChannels: 6, kernel: 3, groups: 2, bias: false },
          { type: "relu", name: "relu" },
        ],
      }),
    );
    expect(layers).to.deep.equal([
      { name: "conv", type: "convolution", outputShape: [6, 2, 3], weights: 54, biases: 0, macs: 324 },
      { name: "relu", type: "relu", outputShape: [6, 2, 3], weights: 0, biases: 0, macs: 0 },
    ]);
    expect(totals).to.deep.equal({ parameters: 54, weights: 54, biases: 0, macs: 324, neurons: 36 });
  });
});
