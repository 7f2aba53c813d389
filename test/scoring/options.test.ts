import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { networks } from "../../lib/network/variants.js";
import { settingsOf, type EngineFacts, type ScoreOptions } from "../../lib/scoring/options.js";
import { CLASSES, LABELS, refusalOf, SMALL_PREPROCESSING, smallNetwork } from "./small.js";

const engine: EngineFacts = {
  network: smallNetwork(),
  maxBatch: 8,
  preprocessing: SMALL_PREPROCESSING,
  labels: undefined,
};

const refusal = (options: unknown, facts: Partial<EngineFacts> = {}) =>
  refusalOf(() => settingsOf(options as ScoreOptions, { ...engine, ...facts }));

describe("the options of scoring", () => {
  it("left out: 5 classes, one crop, the engine's batch, labels and preprocessing", () => {
    expect(settingsOf({}, { ...engine, labels: LABELS })).to.deep.equal({
      topK: 5,
      crops: 1,
      batch: 8,
      labels: LABELS,
      logits: false,
      preprocessing: SMALL_PREPROCESSING,
      signal: undefined,
      classes: CLASSES,
    });
  });

  it("left out with fewer than 5 classes: all of them", () => {
    expect(settingsOf({}, { ...engine, network: smallNetwork(3) }).topK).to.equal(3);
    expect(settingsOf({}, { ...engine, network: smallNetwork(1) }).topK).to.equal(1);
  });

  it("given: as they are", () => {
    const given = {
      topK: 7,
      crops: 10 as const,
      batch: 3,
      labels: LABELS,
      logits: false,
      preprocessing: { ...SMALL_PREPROCESSING, size: 35 },
      signal: new AbortController().signal,
    };
    expect(settingsOf(given, engine)).to.deep.equal({ ...given, classes: CLASSES });
  });

  const wrong: readonly (readonly [options: unknown, message: string])[] = [
    ...[0, 8, 1.5, NaN, "5"].map(
      (topK) =>
        [
          { topK },
          `topK: got ${JSON.stringify(topK).replace("null", "NaN")}; it must be a whole number from 1 to 7, the network's classes`,
        ] as const,
    ),
    [{ crops: 5 }, "crops: got 5; it must be 1 or 10"],
    [{ batch: 9 }, "batch: got 9; it must be a whole number from 1 to 8, the engine's maxBatch"],
    [{ batch: 0 }, "batch: got 0; it must be a whole number from 1 to 8, the engine's maxBatch"],
    [{ logits: "yes" }, 'logits: got "yes"; it must be true or false'],
    [
      { logits: true, crops: 10 },
      "logits: got true with 10 crops, whose probabilities are averaged after softmax; logits must be those of one" +
        " crop; set crops to 1 or leave logits out",
    ],
    [{ signal: {} }, "signal: got {}; it must be an AbortSignal"],
    [{ labels: "cat" }, 'labels: got "cat"; it must be a list of strings'],
    [{ labels: [1, 2, 3, 4, 5, 6, 7] }, "labels: got [1,2,3,4,5,6,7]; it must be a list of strings"],
    [
      { labels: ["cat", "dog"] },
      "labels: got 2 names; there must be one for each of the network's 7 classes, in their order; choose the labels" +
        " of these weights",
    ],
    [
      { preprocessing: { ...SMALL_PREPROCESSING, filter: "lanczos" } },
      'preprocessing: filter is "lanczos"; it must be "pil" or "opencv"; see PREPROCESSING for whole ones',
    ],
    [
      { preprocessing: null },
      "preprocessing: preprocessing is null; it must be an object with channels, scale, mean, std, resize, size," +
        " filter, centre; see PREPROCESSING for whole ones",
    ],
    [
      { topk: 5 },
      'options: got "topk"; it must be one of topK, crops, batch, labels, logits, preprocessing, signal',
    ],
    [
      null,
      "options: got null; it must be an object with topK, crops, batch, labels, logits, preprocessing, signal",
    ],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${JSON.stringify(options).slice(0, 60)}`, async () => {
      expect(await refusal(options)).to.deep.equal(["OPTION_INVALID", message]);
    });

  it("refuses labels that came with the weights and do not fit", async () => {
    expect((await refusal({}, { labels: ["cat"] }))[1]).to.match(/^labels: got 1 names/);
  });

  it("refuses an engine without a preprocessing, where none is given", async () => {
    const facts = { preprocessing: undefined };
    expect(await refusal({}, facts)).to.deep.equal([
      "OPTION_INVALID",
      "preprocessing: got nothing, and neither the weights nor the network small say how images become inputs; it" +
        " must be an object like those in PREPROCESSING; give one",
    ]);
    const given = settingsOf({ preprocessing: SMALL_PREPROCESSING }, { ...engine, ...facts });
    expect(given.preprocessing).to.equal(SMALL_PREPROCESSING);
  });

  it("refuses a preprocessing that is smaller than the network's input", async () => {
    expect(await refusal({}, { preprocessing: { ...SMALL_PREPROCESSING, size: 34 } })).to.deep.equal([
      "INPUT_INVALID",
      "preprocessing: size 34 is less than the network's input 35 x 35; a crop must fit into size x size; raise size",
    ]);
  });

  it("refuses a network that does not take the channels of its images", async () => {
    const network = defineNetwork({
      name: "grey",
      input: [1, 35, 35],
      layers: [{ type: "fully-connected", name: "fc", outFeatures: 2 }],
    });
    expect(await refusal({}, { network })).to.deep.equal([
      "INPUT_INVALID",
      "input: the network takes [1, 35, 35]; images whose preprocessing has the channels RGB need an input [3, H, W];" +
        " use a network of 3 channels, or other channels in the preprocessing",
    ]);
  });

  it("refuses a network that ends in a map", async () => {
    const network = defineNetwork({
      name: "maps",
      input: [3, 35, 35],
      layers: [{ type: "convolution", name: "conv", outChannels: 2, kernel: 3 }],
    });
    expect(await refusal({}, { network })).to.deep.equal([
      "INPUT_INVALID",
      "network maps: its output is a map [2, 33, 33]; scoring needs a vector of classes; end the network with flatten" +
        " or fully-connected, or use forward",
    ]);
  });

  it("fits every published network as it is", () => {
    for (const make of Object.values(networks)) {
      const network = make();
      const preprocessing = PREPROCESSING[network.name as keyof typeof PREPROCESSING];
      expect(settingsOf({}, { ...engine, network, preprocessing }).classes).to.equal(1000);
    }
  });
});
