/** What the reader finds in the files that Google's protobuf wrote (fixtures/make_caffe.py). */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { defineNetwork } from "../../../lib/network/define.js";
import type { Network } from "../../../lib/network/layers.js";
import { PREPROCESSING } from "../../../lib/network/preprocessing.js";
import { networkByName } from "../../../lib/network/variants.js";
import { loadWeights, resolveNetwork } from "../../../lib/weights/index.js";
import { caffeExpected, caffeFixture } from "../helpers/caffe.js";
import { expectError, readAll, withFile } from "../helpers/files.js";

const FILES = [
  "v1-train",
  "v1-deploy",
  "later-train",
  "later-legacy",
  "later-double",
  "later-chunks",
  "later-unpacked",
  "later-double-chunks",
  "v1-bare",
];

const norm = (name: string) => ({
  ...{ type: "local-response-normalisation", name, size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
});
const pool = (name: string) => ({ type: "max-pooling", name, kernel: 3, stride: 2, rounding: "ceil" });

/** The tiny nets of the fixtures. */
function tiny(name: string, order: "norm first" | "pool first", dropout = true): Network {
  const both = [norm("norm1"), pool("pool1")];
  return defineNetwork({
    name,
    input: [3, 19, 19],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 4, kernel: 3, stride: 2 },
      { type: "relu", name: "relu1" },
      ...(order === "norm first" ? both : both.reverse()),
      { type: "convolution", name: "conv2", outChannels: 6, kernel: 3, padding: 1, groups: 2 },
      { type: "relu", name: "relu2" },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc6", outFeatures: 5 },
      { type: "relu", name: "relu6" },
      ...(dropout ? [{ type: "dropout", name: "drop6", rate: 0.5 }] : []),
      { type: "fully-connected", name: "fc8", outFeatures: 3 },
      { type: "softmax", name: "prob" },
    ],
  });
}

describe("Caffe files", () => {
  for (const name of FILES)
    it(`reads the numbers of ${name}.caffemodel bit for bit, whole and in odd pieces`, async () => {
      const expected = Object.entries(await caffeExpected(`${name}.caffemodel`));
      const weights = await loadWeights(caffeFixture(`${name}.caffemodel`));
      expect(weights.format).to.equal("caffemodel");
      expect([...weights.tensors.keys()]).to.deep.equal(expected.map(([key]) => key));
      for (const step of [3, 7, Infinity]) {
        const values = await readAll(weights, step);
        for (const [key, { shape, dtype, values: wanted }] of expected) {
          expect(weights.tensors.get(key)).to.deep.equal({ name: key, shape, dtype });
          expect(values.get(key), key).to.deep.equal(Float32Array.from(wanted));
        }
      }
    });

  const networks: readonly [name: string, network: Network][] = [
    ["v1-train", tiny("TinyAlexNet", "norm first")],
    ["v1-deploy", tiny("TinyCaffeNet", "pool first")],
    ["later-train", tiny("Tiny", "pool first")],
    ["later-legacy", tiny("Tiny", "norm first", false)],
  ];
  for (const [name, network] of networks)
    it(`builds the network of ${name}.caffemodel from its layers, and its tensors fit it`, async () => {
      const weights = await loadWeights(caffeFixture(`${name}.caffemodel`));
      expect(weights.network).to.deep.equal(network);
      const resolved = resolveNetwork(weights);
      expect(resolved.network).to.deep.equal(network);
      expect(resolved.preprocessing).to.equal(weights.preprocessing);
    });

  for (const kind of ["v1", "later"])
    for (const [file, model] of [
      ["alexnet", "bvlc-alexnet"],
      ["caffenet", "caffenet"],
    ] as const)
      it(`tells ${kind}-${file}.caffemodel by the order of its layers: ${model}`, async () => {
        const weights = await loadWeights(caffeFixture(`${kind}-${file}.caffemodel`));
        expect(weights.network).to.deep.equal(networkByName(model));
        expect(weights.preprocessing).to.equal(PREPROCESSING[model]);
      });

  it("takes a net for use without its input's size for the published one whose layers it has", async () => {
    const { network } = await loadWeights(caffeFixture("v1-caffenet-no-size.caffemodel"));
    expect(network).to.deep.equal(networkByName("caffenet"));
  });

  it("keeps a network whose parameters are called otherwise than the published form's", async () => {
    // as fine-tuning with Caffe wants it, which copies weights by the names of layers
    const file = await readFile(caffeFixture("later-caffenet.caffemodel"), "latin1");
    await withFile(Buffer.from(file.replaceAll("fc8", "new"), "latin1"), async (path) => {
      const { network } = await loadWeights(path);
      const { input, layers } = networkByName("caffenet");
      const renamed = layers.map((layer) => (layer.name === "fc8" ? { ...layer, name: "new" } : layer));
      expect(network).to.deep.equal({ name: "CaffeNet", input, layers: renamed });
    });
  });

  it("names missing tensors where a file has the layers alone", async () => {
    const weights = await loadWeights(caffeFixture("v1-caffenet.caffemodel"));
    await expectError(
      () => resolveNetwork(weights),
      "WEIGHTS_MISMATCH",
      /^FILE: does not fit caffenet: conv1\.weight is missing \(\[96, 3, 11, 11\]\); conv1\.bias is missing/,
      weights.source,
    );
  });

  it("takes scale and mean from the layer that reads images: Caffe scales last", async () => {
    const { preprocessing } = await loadWeights(caffeFixture("later-train.caffemodel"));
    expect(preprocessing).to.deep.equal({ ...PREPROCESSING.caffenet, scale: 0.5, mean: [52, 58.5, 61.5] });
  });

  it("says nothing of the network where layers have no types", async () => {
    const weights = await loadWeights(caffeFixture("v1-bare.caffemodel"));
    expect(weights).to.not.have.any.keys("network", "preprocessing");
  });

  it("refuses V0 layers, and layers of both kinds", async () => {
    for (const [name, text] of [
      [
        "v0",
        "is a Caffe file of before 2014 (V0 layers), which is not read; write it anew with Caffe's" +
          " upgrade_net_proto_binary",
      ],
      [
        "both",
        "the net has both `layers` and `layer`, of which Caffe reads one kind; save it again with Caffe",
      ],
    ]) {
      const path = caffeFixture(`${name}.caffemodel`);
      await expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: ${text}`, path);
    }
  });
});
