import { expect } from "chai";
import { parametersOf } from "../lib/network/parameters.js";
import { alexnet2012 } from "../lib/network/variants.js";
import { readContainer, readGolden } from "./golden.js";
import { seededHash, seededInput, seededWeights } from "./seeded-weights.js";

const { tensors } = readContainer("tables/seeded-numbers");
const { network } = readGolden("twins/torchvision");

async function stretch(name: string, first: number, count: number): Promise<Float32Array> {
  const out = new Float32Array(count);
  await seededWeights(network).stream((read) => read(name, first, out));
  return out;
}

describe("seeded weights", () => {
  it("hash as the Python side does, past 2^31 too", () => {
    const hashes = Int32Array.from({ length: 8 }, (_, i) => seededHash(3, 4_000_000_000 + i));
    expect(hashes).to.deep.equal(tensors.get("hashes")?.data);
  });

  it("have the bits that the Python side has, in every parameter and in the input", async () => {
    const input = seededInput([2, ...network.input]);
    const seen = new Set<string>();
    for (const [key, { data }] of tensors) {
      const [name, first] = key.split("@");
      if (key === "hashes") continue;
      const at = Number(first);
      const made =
        name === "input" ? input.slice(at, at + data.length) : await stretch(name, at, data.length);
      expect(made, key).to.deep.equal(data);
      seen.add(name);
    }
    expect([...seen]).to.have.members(["input", ...parametersOf(network).map(({ name }) => name)]);
  });

  it("do not depend on where a read begins", async () => {
    const whole = await stretch("conv2.weight", 0, 500);
    expect(await stretch("conv2.weight", 123, 77)).to.deep.equal(whole.slice(123, 200));
  });

  it("fill the range that keeps signals at their size: sqrt(6 / fan in), biases 0.1", async () => {
    const weights = await stretch("fc7.weight", 0, 4096);
    const bound = Math.sqrt(6 / 64);
    const mean = weights.reduce((sum, value) => sum + value, 0) / weights.length;
    // six standard deviations of the mean of 4096 uniform numbers
    expect(Math.abs(mean)).to.be.below((6 * bound) / Math.sqrt(3 * weights.length));
    expect(Math.max(...weights)).to.be.within(0.99 * bound, bound);
    expect(Math.min(...weights)).to.be.within(-bound, -0.99 * bound);
    expect(Math.max(...(await stretch("fc7.bias", 0, 64)).map(Math.abs))).to.be.within(0.09, 0.1);
  });

  it("differ from one tensor to the next", async () => {
    expect(await stretch("fc7.bias", 0, 40)).to.not.deep.equal(await stretch("fc8.bias", 0, 40));
  });

  it("stand for weights of the whole network", () => {
    const { tensors: infos } = seededWeights(alexnet2012());
    expect(infos.get("fc6.weight")).to.deep.equal({ name: "fc6.weight", shape: [4096, 9216], dtype: "F32" });
    expect(infos.size).to.equal(16);
  });

  it("reject a name or a range that is not there", async () => {
    const failures = await Promise.allSettled([stretch("conv9.weight", 0, 1), stretch("fc8.bias", 39, 2)]);
    expect(failures.map((failure) => failure.status === "rejected" && String(failure.reason))).to.deep.equal([
      "Error: seeded weights: no tensor conv9.weight",
      "Error: seeded weights: fc8.bias ends before 41",
    ]);
  });
});
