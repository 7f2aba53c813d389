import { expect } from "chai";
import ndarray from "ndarray";
import sharp from "sharp";
import { createEngine } from "../../lib/index.js";
import { defineNetwork } from "../../lib/network/define.js";
import type { Preprocessing } from "../../lib/network/preprocessing.js";
import { seededWeights } from "../seeded-weights.js";

describe("a network of one input channel", () => {
  const network = defineNetwork({
    name: "digits",
    input: [1, 28, 28],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 8, kernel: 5 },
      { type: "relu", name: "relu1" },
      { type: "max-pooling", name: "pool1", kernel: 2, stride: 2 },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc2", outFeatures: 10 },
    ],
  });
  const preprocessing: Preprocessing = {
    channels: "grey",
    scale: 1 / 255,
    mean: [0.1307],
    std: [0.3081],
    resize: "shorter-side",
    size: 28,
    filter: "pil",
    centre: "round",
  };

  it("scores grey images as the values of their pixels", async () => {
    const digits = [3, 101].map((step) => Uint8Array.from({ length: 784 }, (_, at) => (at * step) % 256));
    const raw = { width: 28, height: 28, channels: 1 as const };
    const files = await Promise.all(digits.map((digit) => sharp(digit, { raw }).png().toBuffer()));
    await using engine = await createEngine({
      weights: { ...seededWeights(network), preprocessing },
      threads: 2,
      maxBatch: 2,
      convolutions: "rule",
    });
    const rows = await engine.classify(files, { topK: 10, logits: true });
    const values = digits.flatMap((digit) =>
      Array.from(digit, (pixel) => (pixel * (1 / 255) - 0.1307) / 0.3081),
    );
    const { data } = await engine.forward(ndarray(Float32Array.from(values), [2, 1, 28, 28]));
    const logits = rows.map((row) => ("logits" in row ? row.logits : undefined));
    expect(logits).to.deep.equal([Array.from(data.subarray(0, 10)), Array.from(data.subarray(10))]);
    expect(logits[0]).not.to.deep.equal(logits[1]);
  });
});
