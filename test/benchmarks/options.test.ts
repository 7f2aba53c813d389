import { expect } from "chai";
import { readOptions, SUITES, type BenchOptions } from "../../benchmarks/options.js";

function read(words: string, installed = true): BenchOptions {
  const options = readOptions(
    words.split(" ").filter((word) => word !== ""),
    installed,
  );
  if (options === "help") throw new Error("help was asked for");
  return options;
}

describe("benchmarks: options", () => {
  it("all suites run where none is named", () => {
    const { suites, leftOut } = read("--threads 2");
    expect(suites).to.deep.equal(SUITES);
    expect(leftOut).to.deep.equal([]);
  });

  it("without peers the suites that need them are left out, with the command that installs them", () => {
    const { suites, leftOut, peersInstalled } = read("--threads 2 --quick", false);
    expect(suites).to.deep.equal(["machine", "kernels", "layers", "network", "scaling", "model", "training"]);
    expect(peersInstalled).to.equal(false);
    expect(leftOut.map(({ suite }) => suite)).to.deep.equal(["peers", "pipeline", "startup"]);
    expect(leftOut[0].reason).to.contain("npm ci");
  });

  it("a suite that cannot run is left out, and refused where it is named", () => {
    const reasons = (words: string) => read(words).leftOut.map(({ suite }) => suite);
    expect(reasons("--threads 1")).to.deep.equal(["scaling"]);
    expect(reasons("--threads 2 --fc-weights bfloat16")).to.deep.equal(["training"]);
    expect(reasons("--threads 2 --convolutions direct")).to.deep.equal(["pipeline", "startup"]);
    expect(reasons("--threads 2 --kernels reference")).to.deep.equal(["pipeline", "startup"]);
    expect(() => read("scaling --threads 1")).to.throw("scaling: it needs --threads 2 or more");
    expect(() => read("training --fc-weights bfloat16")).to.throw("training: its weights are float32");
    expect(() => read("pipeline", false)).to.throw("pipeline: peers are not installed");
    expect(() => read("startup --convolutions winograd")).to.throw("startup: the command has no");
  });

  it("--photos without the suite that takes them is refused", () => {
    expect(read("pipeline --photos a/folder").photos).to.equal("a/folder");
    expect(() => read("layers --photos a/folder")).to.throw("--photos: is for the suite pipeline");
  });

  it("unknown suites and values are refused with those that there are", () => {
    expect(() => read("speed")).to.throw(RangeError, "suite speed: must be one of machine, kernels");
    expect(() => read("--threads 0")).to.throw(RangeError, "--threads 0: must be a whole number from 1");
    expect(() => read("--kernels fast")).to.throw(RangeError, "--kernels fast: must be one of");
  });
});
