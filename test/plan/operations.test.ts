import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { networks } from "../../lib/network/variants.js";
import type { PlannedConvolutions } from "../../lib/plan/algorithm.js";
import { lower } from "../../lib/plan/operations.js";

const conv = { type: "convolution", outChannels: 8, kernel: 3 };
const norm = { type: "local-response-normalisation", size: 5, alpha: 1e-4, beta: 0.75, k: 2 };
const graphOf = (input: number[], option: PlannedConvolutions, ...layers: Record<string, unknown>[]) =>
  lower(
    defineNetwork({
      name: "net",
      input,
      layers: layers.map((layer, index) => ({ name: `${String(layer.type)}${index + 1}`, ...layer })),
    }),
    option,
  );

describe("lowering", () => {
  it("puts a ReLU into the store of the convolution or the layer before it, once", () => {
    const { operations, tensors } = graphOf([3, 8, 8], "direct", conv, { type: "relu" }, { type: "relu" });
    expect(operations.map(({ kind, rectified }) => [kind, rectified])).to.deep.equal([
      ["space-to-depth", false],
      ["convolution", true],
      ["activation", false],
    ]);
    expect(tensors.map(({ layers }) => layers)).to.deep.equal([
      ["input"],
      ["input"],
      ["convolution1", "relu2"],
      ["relu3"],
    ]);
  });

  it("keeps a ReLU behind a pooling as an operation of its own", () => {
    for (const type of ["max-pooling", "average-pooling"]) {
      const { operations } = graphOf([3, 8, 8], "direct", conv, { type, kernel: 2 }, { type: "relu" });
      expect(operations.map(({ kind }) => kind)).to.deep.equal([
        "space-to-depth",
        "convolution",
        type,
        "activation",
      ]);
    }
  });

  it("lets flatten, softmax and dropout that is scaled in training name the tensor before them", () => {
    const { operations, tensors } = graphOf(
      [3, 4, 4],
      "direct",
      { type: "flatten" },
      { type: "fully-connected", outFeatures: 5 },
      { type: "dropout", rate: 0.5, scaling: "train" },
      { type: "dropout", rate: 0.5, scaling: "test" },
      { type: "softmax" },
    );
    expect(operations.map(({ kind }) => kind)).to.deep.equal([
      "space-to-depth",
      "fully-connected",
      "activation",
    ]);
    expect(tensors.map(({ layers }) => layers)).to.deep.equal([
      ["input"],
      ["input", "flatten1"],
      ["fully-connected2", "dropout3"],
      ["dropout4", "softmax5"],
    ]);
  });

  it("gives tensors the padding that the convolution behind them reads, and more where windows overhang", () => {
    const { tensors } = graphOf(
      [3, 9, 8],
      "direct",
      { ...conv, padding: [1, 2, 0, 1], stride: 2, rounding: "ceil" },
      { ...conv, kernel: [1, 3], padding: [0, 1] },
    );
    // 10 rows in windows of 3, 2 apart: the fifth reads row 11 of the padded map; 11 columns fit
    expect(tensors.map(({ padding }) => padding)).to.deep.equal([
      [0, 0, 0, 0],
      [1, 2, 1, 1],
      [0, 1, 0, 1],
      [0, 0, 0, 0],
    ]);
  });

  it("pads the original's 224 x 224 input by the 3 pixels that its last windows overhang", () => {
    expect(lower(networks.alexnet2012(), "direct").tensors[1].padding).to.deep.equal([0, 0, 3, 3]);
  });

  it("arranges the input in blocks of a stride, padding included, for Winograd's 3 x 3", () => {
    const blocks = (network: Network) => {
      const { tensors, operations } = lower(network, "rule");
      const [, conv1] = operations;
      return [
        tensors.map(({ blockSize }) => blockSize).slice(0, 4),
        tensors[1].padding,
        conv1.kind === "convolution" && conv1.winograd,
      ];
    };
    // 11 tiles of 5 outputs read 57 blocks of 4 pixels: 228 of them
    const winograd = { taps: 3, outputs: 5, tileRows: 11, tileColumns: 11, blockSize: 4 };
    expect(blocks(networks.caffenet())).to.deep.equal([[1, 4, 1, 1], [0, 0, 1, 1], winograd]);
    expect(blocks(networks.alexnet2012())).to.deep.equal([[1, 4, 1, 1], [0, 0, 4, 4], winograd]);
    expect(blocks(networks.torchvision())).to.deep.equal([[1, 4, 1, 1], [2, 2, 2, 2], winograd]);
  });

  it("leaves the input in pixels where a layer before the convolution may be asked for, or it has groups", () => {
    const strided = { ...conv, kernel: 6, stride: 2 };
    const sizes = (input: number[], ...layers: Record<string, unknown>[]) =>
      graphOf(input, "winograd", ...layers).tensors.map(({ blockSize }) => blockSize);
    expect(sizes([2, 20, 20], strided)).to.deep.equal([1, 2, 1]);
    expect(sizes([2, 20, 20], { type: "dropout", rate: 0.5, scaling: "train" }, strided)).to.deep.equal([
      1, 1, 1,
    ]);
    expect(sizes([2, 20, 20], { ...strided, groups: 2 })).to.deep.equal([1, 1, 1]);
    expect(sizes([2, 20, 20], { ...conv, outChannels: 2 }, strided)).to.deep.equal([1, 1, 1, 1]);
    expect(sizes([1, 20, 20], strided)).to.deep.equal([1, 1, 1]);
    expect(sizes([2, 20, 20], { ...strided, kernel: [6, 5] })).to.deep.equal([1, 1, 1]);
    expect(sizes([2, 20, 20], { ...strided, stride: [2, 1] })).to.deep.equal([1, 1, 1]);
  });

  it("holds a wave of images before the classifier and a whole batch from there on", () => {
    const { tensors, operations } = lower(networks.caffenet(), "direct");
    const slots = new Map(tensors.flatMap(({ layers, slots }) => layers.map((layer) => [layer, slots])));
    expect(tensors[0].slots).to.equal("batch");
    for (const layer of [
      "input",
      "conv1",
      "pool1",
      "norm1",
      "conv2",
      "pool2",
      "norm2",
      "conv3",
      "conv4",
      "conv5",
    ])
      expect(slots.get(layer), layer).to.equal("wave");
    for (const layer of ["pool5", "fc6", "fc7", "fc8"]) expect(slots.get(layer), layer).to.equal("batch");
    const scopes = new Map(operations.map(({ layer, scope }) => [layer.name, scope]));
    expect([...scopes].filter(([, scope]) => scope === "batch").map(([name]) => name)).to.deep.equal([
      "fc6",
      "fc7",
      "fc8",
    ]);
    expect(scopes.size).to.equal(14);
  });

  it("holds a whole batch of the last tensor, also without a classifier", () => {
    const { tensors } = graphOf([3, 8, 8], "direct", conv, { type: "max-pooling", kernel: 2 });
    expect(tensors.map(({ slots }) => slots)).to.deep.equal(["batch", "wave", "wave", "batch"]);
  });

  it("shares a tensor's channels among the towers where they can be shared evenly", () => {
    const { towers, tensors } = graphOf(
      [3, 8, 8],
      "direct",
      { ...conv, outChannels: 6 },
      { ...conv, outChannels: 4, groups: 2 },
      { ...conv, outChannels: 5 },
      { type: "fully-connected", outFeatures: 10 },
    );
    expect(towers).to.equal(2);
    expect(tensors.map((tensor) => tensor.towers)).to.deep.equal([3, 1, 2, 2, 1, 2]);
  });

  it("refuses a window across the towers that reaches past the neighbouring one", () => {
    const layers = [
      { ...conv, outChannels: 2 },
      { ...norm, scope: "across" },
      { ...conv, groups: 2 },
    ];
    expect(() => graphOf([3, 8, 8], "direct", ...layers))
      .to.throw(
        "local-response-normalisation2: a window across the towers reaches 2 channels, and a tower has 1;" +
          " it may reach into the neighbouring tower only; use a smaller size",
      )
      .with.property("code", "NETWORK_INVALID");
    expect(
      graphOf([3, 8, 8], "direct", layers[0], { ...norm, scope: "across", size: 3 }, layers[2]).operations
        .length,
    ).to.equal(4);
  });
});
