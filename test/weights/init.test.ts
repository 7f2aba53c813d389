import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";
import { drawsOf } from "../../lib/weights/init-rules.js";
import { initWeights } from "../../lib/weights/init.js";
import { expectError, fixture, readAll } from "./helpers/files.js";

const small = (name: string): Network =>
  defineNetwork({
    name,
    input: [3, 9, 9],
    layers: [
      { type: "convolution", name: "conv1", outChannels: 8, kernel: 3 },
      { type: "convolution", name: "conv2", outChannels: 8, kernel: 3, groups: 2 },
      { type: "flatten", name: "flatten" },
      { type: "fully-connected", name: "fc6", outFeatures: 100 },
      { type: "fully-connected", name: "fc8", outFeatures: 10 },
    ],
  });

interface Golden {
  readonly model: string;
  readonly seed: number;
  readonly sha256: string;
}

/** SHA-256 over all tensors in order, as little-endian float32. */
async function digest(network: Network, seed: number): Promise<string> {
  const hash = createHash("sha256");
  for (const values of (await readAll(initWeights(network, seed))).values())
    hash.update(new Uint8Array(values.buffer));
  return hash.digest("hex");
}

describe("initWeights", () => {
  it("gives the bytes of fixtures/make_weights.py, which draws them in Python", async () => {
    const golden = JSON.parse(await readFile(fixture("initial.json"), "utf8")) as Golden[];
    expect(golden).to.have.length(3);
    for (const { model, seed, sha256 } of golden)
      expect(await digest(small(model), seed), `${model}, seed ${seed}`).to.equal(sha256);
  });

  it("gives other bytes for another seed, and other values to each tensor", async () => {
    expect(await digest(small("small"), 1)).to.not.equal(await digest(small("small"), 2));
    const values = await readAll(initWeights(small("torchvision"), 1));
    const scaled = (name: string, fanIn: number) => (values.get(name)?.[0] ?? 0) * Math.sqrt(fanIn);
    expect(scaled("conv1.weight", 27)).to.not.be.closeTo(scaled("conv2.weight", 36), 1e-6);
  });

  it("gives the same values in pieces of any size as in one read, from any element on", async () => {
    const weights = initWeights(small("small"), 7);
    const whole = await readAll(weights);
    for (const step of [3, 5, 4095, 4096, 4097]) expect(await readAll(weights, step)).to.deep.equal(whole);
    const some = new Float32Array(10);
    await weights.stream((read) => read("fc6.weight", 12345, some));
    expect([...some]).to.deep.equal([...(whole.get("fc6.weight") ?? []).slice(12345, 12355)]);
  });

  it("draws normal values with the wanted mean, deviation and tails", async () => {
    const values = (await readAll(initWeights(small("alexnet2012"), 3))).get("fc6.weight") ?? [];
    const n = values.length;
    expect(n).to.equal(20_000);
    const z = Array.from(values, (value) => value / 0.01);
    const mean = z.reduce((sum, x) => sum + x, 0) / n;
    const variance = z.reduce((sum, x) => sum + x * x, 0) / n;
    const beyond = z.filter((x) => Math.abs(x) > 1.959963984540054).length / n;
    // five standard errors of each estimate
    expect(Math.abs(mean)).to.be.below(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).to.be.below(5 * Math.sqrt(2 / n));
    expect(Math.abs(beyond - 0.05)).to.be.below(5 * Math.sqrt((0.05 * 0.95) / n));
  });

  it("draws uniform values between the bounds, with the variance of a third of their square", async () => {
    const values = (await readAll(initWeights(small("torchvision"), 3))).get("fc6.weight") ?? [];
    const bound = 1 / Math.sqrt(200);
    const unit = Array.from(values, (value) => value / bound);
    expect(Math.max(...unit.map(Math.abs))).to.be.within(0.999, 1.0000001);
    const variance = unit.reduce((sum, x) => sum + x * x, 0) / unit.length;
    // the square of a uniform value has variance 4 / 45
    expect(Math.abs(variance - 1 / 3)).to.be.below(5 * Math.sqrt(4 / 45 / unit.length));
  });

  it("starts each published form as its authors did", () => {
    const draws = (name: (typeof MODEL_NAMES)[number]) => Object.fromEntries(drawsOf(networkByName(name)));
    const normal = (sigma: number) => ({ kind: "normal", sigma });
    const constant = (value: number) => ({ kind: "constant", value });
    const lifted = ["conv2", "conv4", "conv5", "fc6", "fc7"];
    const lifts = { alexnet2012: 1, caffenet: 1, "bvlc-alexnet": 0.1 };
    for (const name of ["alexnet2012", "caffenet", "bvlc-alexnet"] as const)
      for (const layer of ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]) {
        const narrow = name !== "alexnet2012" && ["fc6", "fc7"].includes(layer);
        expect(draws(name)[`${layer}.weight`], `${name} ${layer}`).to.deep.equal(
          normal(narrow ? 0.005 : 0.01),
        );
        const lift = lifted.includes(layer) ? lifts[name] : 0;
        expect(draws(name)[`${layer}.bias`], `${name} ${layer}`).to.deep.equal(constant(lift));
      }
    for (const name of ["single-tower", "torchvision"] as const) {
      expect(draws(name)["conv1.weight"]).to.deep.equal({ kind: "uniform", bound: 1 / Math.sqrt(363) });
      expect(draws(name)["conv1.bias"]).to.deep.equal({ kind: "uniform", bound: 1 / Math.sqrt(363) });
      expect(draws(name)["fc8.bias"]).to.deep.equal({ kind: "uniform", bound: 1 / 64 });
    }
    const other = Object.fromEntries(drawsOf(small("mine")));
    expect(other["conv2.weight"]).to.deep.equal(normal(Math.sqrt(2 / 36)));
    expect(other["conv2.bias"]).to.deep.equal(constant(0));
  });

  it("carries the network, its tensors and its preprocessing", () => {
    const network = networkByName("caffenet");
    const weights = initWeights(network, 0);
    expect(weights).to.include({ network, format: "init", source: "initial weights of caffenet, seed 0" });
    expect(weights.preprocessing?.channels).to.equal("BGR");
    expect([...weights.tensors.keys()]).to.deep.equal(parametersOf(network).map(({ name }) => name));
    expect(initWeights(small("mine"), 0)).to.not.have.property("preprocessing");
  });

  for (const seed of [-1, 0.5, NaN, 2 ** 53])
    it(`refuses the seed ${seed}`, async () => {
      await expectError(
        () => initWeights(small("mine"), seed),
        "OPTION_INVALID",
        `seed: got ${seed}; it must be a whole number from 0 to 2^53 - 1`,
      );
    });
});
