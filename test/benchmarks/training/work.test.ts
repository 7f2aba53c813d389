import { expect } from "chai";
import type { Peak } from "../../../benchmarks/machine/peak.js";
import { peakOf, workFields } from "../../../benchmarks/training/work.js";
import { defineNetwork } from "../../../lib/network/define.js";

describe("benchmarks: the work of training", () => {
  const network = defineNetwork({
    name: "two-layers",
    input: [3, 8, 8],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 4, kernel: 3, padding: 1 },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc2", outFeatures: 10 },
    ],
  });
  const macs = 4 * (3 * 3 * 3) * (8 * 8) + 4 * 8 * 8 * 10;

  it("three times the forward pass's multiply-adds, two operations each", () => {
    // a billion images in half a second, so that no division rounds
    const fields = workFields(network, 1e9, 500, 8 * macs);
    expect(fields).to.deep.equal({ imagesPerSecond: 2e9, gflops: 12 * macs, ofPeak: 150 });
  });

  it("the peak is that of the set's loop on every thread; the reference has none", () => {
    const peaks = [
      { set: "baseline", gflops: 10 },
      { set: "wide", gflops: 40 },
    ] as Peak[];
    expect(peakOf(peaks, "wide", 3)).to.equal(120);
    expect(peakOf(peaks, "reference", 3)).to.equal(undefined);
    expect(workFields(network, 1, 1, undefined)).not.to.have.property("ofPeak");
  });
});
