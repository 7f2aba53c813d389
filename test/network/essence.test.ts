import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { essenceOf } from "../../lib/network/essence.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";

type Fields = Readonly<Record<string, unknown>>;

const LAYERS: Readonly<Record<string, Fields>> = {
  conv: { type: "convolution", outChannels: 4, kernel: 3, stride: 2, padding: 1, groups: 2 },
  relu: { type: "relu" },
  norm: { type: "local-response-normalisation", size: 3, alpha: 0.3, beta: 0.75, k: 2 },
  pool: { type: "max-pooling", kernel: 2 },
  mean: { type: "average-pooling", kernel: 2, padding: 1, countPadding: false },
  flat: { type: "flatten" },
  fc: { type: "fully-connected", outFeatures: 5 },
  drop: { type: "dropout", rate: 0.5, scaling: "test" },
  prob: { type: "softmax" },
};

/** The essence of a network of these layers, with other fields in some, or without some. */
function essence(changes: Readonly<Record<string, Fields | undefined>> = {}, input = [2, 9, 9]): string {
  const layers = Object.entries(LAYERS)
    .filter(([name]) => !(name in changes) || changes[name] !== undefined)
    .map(([name, fields]) => ({ ...fields, name, ...changes[name] }));
  return essenceOf(defineNetwork({ name: "n", input, layers }));
}

describe("the essence of a network", () => {
  const different: readonly [name: string, changes: Readonly<Record<string, Fields | undefined>>][] = [
    ["outChannels", { conv: { outChannels: 6 } }],
    ["a kernel", { conv: { kernel: [3, 2] } }],
    ["a stride", { conv: { stride: [2, 1] } }],
    ["where windows begin", { conv: { padding: [2, 1, 0, 1] } }],
    ["groups", { conv: { groups: 1 } }],
    ["a missing bias", { conv: { bias: false } }],
    ["a missing ReLU", { relu: undefined }],
    ["the normalisation's size", { norm: { size: 2 } }],
    ["alpha", { norm: { alpha: 0.31 } }],
    ["beta", { norm: { beta: 0.76 } }],
    ["k", { norm: { k: 1 } }],
    ["undivided alpha", { norm: { alphaDividedBySize: false } }],
    ["towers", { norm: { scope: "tower" } }],
    ["the kind of a pooling", { pool: { type: "average-pooling", countPadding: false } }],
    ["counted padding", { mean: { countPadding: true } }],
    ["features", { fc: { outFeatures: 6 } }],
    ["a missing bias of features", { fc: { bias: false } }],
    ["a rate that inference sees", { drop: { rate: 0.4 } }],
    ["scaling in training", { drop: { scaling: "train" } }],
  ];
  for (const [what, changes] of different)
    it(`differs by ${what}`, () => {
      expect(essence(changes)).to.not.equal(essence());
    });

  it("differs by the input, and by the order of layers in every published form", () => {
    expect(essence({}, [2, 9, 11])).to.not.equal(essence());
    const all = MODEL_NAMES.map((name) => essenceOf(networkByName(name)));
    expect(new Set(all).size).to.equal(MODEL_NAMES.length);
  });

  const same: readonly [name: string, changes: Readonly<Record<string, Fields | undefined>>][] = [
    ["names", { conv: { name: "other" } }],
    ["flatten", { flat: undefined }],
    ["softmax", { prob: undefined }],
    ["padding for rounding", { conv: { kernel: 3, padding: [1, 1, 2, 2] } }],
    ["rounding where nothing is left", { pool: { rounding: "ceil" } }],
    ["alpha as float32, divided or not", { norm: { alpha: Math.fround(0.1), alphaDividedBySize: false } }],
  ];
  for (const [what, changes] of same)
    it(`does not differ by ${what}`, () => {
      expect(essence(changes)).to.equal(essence());
    });

  it("differs by where counted padding ends, and not by where other padding does", () => {
    const windows = { kernel: 3, stride: 2 };
    const [rounded, padded] = [
      { ...windows, padding: 1, rounding: "ceil" },
      { ...windows, padding: [1, 1, 2, 2] },
    ];
    expect(essence({ mean: rounded })).to.equal(essence({ mean: padded }));
    const counted = [rounded, padded].map((mean) => essence({ mean: { ...mean, countPadding: true } }));
    expect(counted[0]).to.not.equal(counted[1]);
  });

  it("does not differ by dropout scaled in training, nor by an average over single pixels", () => {
    const none = essence({ drop: undefined });
    expect(essence({ drop: { scaling: "train", rate: 0.2 } })).to.equal(none);
    expect(essence({ mean: { kernel: 1, padding: 0 } })).to.equal(essence({ mean: undefined }));
  });
});
