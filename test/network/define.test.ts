import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { MODEL_NAMES, networkByName, networks } from "../../lib/network/variants.js";
import { towersOf } from "../../lib/network/layers.js";

/** The one layer of a network, after the defaults. */
function define(layer: Record<string, unknown>, input = [4, 8, 8]): unknown {
  return defineNetwork({ name: "case", input, layers: [{ name: "layer", ...layer }] }).layers[0];
}

describe("defineNetwork", () => {
  it("fills in the defaults of a convolution", () => {
    expect(define({ type: "convolution", outChannels: 2, kernel: 3 })).to.deep.equal({
      type: "convolution",
      name: "layer",
      outChannels: 2,
      kernel: [3, 3],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 1,
      bias: true,
      rounding: "floor",
    });
  });

  it("fills in the defaults of the poolings", () => {
    const windows = { kernel: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0], rounding: "floor" };
    for (const [type, more] of [
      ["max-pooling", {}],
      ["average-pooling", { countPadding: false }],
    ] as const)
      expect(define({ type, kernel: 2 })).to.deep.equal({ type, name: "layer", ...windows, ...more });
  });

  it("fills in the defaults of a response normalisation, a fully connected layer and a dropout", () => {
    const constants = { type: "local-response-normalisation", size: 5, alpha: 0, beta: 0.75, k: 1 };
    const named = { name: "layer", ...constants };
    expect(define(constants)).to.deep.equal({ ...named, alphaDividedBySize: true, scope: "across" });
    const full = { type: "fully-connected", outFeatures: 3 };
    expect(define(full)).to.deep.equal({ name: "layer", ...full, bias: true });
    const dropout = { type: "dropout", rate: 0 };
    expect(define(dropout)).to.deep.equal({ name: "layer", ...dropout, scaling: "train" });
  });

  it("adds nothing to a ReLU, a flatten and a softmax", () => {
    for (const type of ["relu", "flatten", "softmax"])
      expect(define({ type })).to.deep.equal({ type, name: "layer" });
  });

  it("reads one number, two and four as kernel, stride and padding", () => {
    const layer = { type: "convolution", outChannels: 2, kernel: [3, 5], stride: [2, 1] };
    expect(define({ ...layer, padding: 1 })).to.deep.include({
      kernel: [3, 5],
      stride: [2, 1],
      padding: [1, 1, 1, 1],
    });
    expect(define({ ...layer, padding: [1, 2] })).to.deep.include({ padding: [1, 2, 1, 2] });
    expect(define({ ...layer, padding: [0, 1, 2, 3] })).to.deep.include({ padding: [0, 1, 2, 3] });
  });

  it("keeps what is written out, whatever the default", () => {
    const convolution = { type: "convolution", outChannels: 4, groups: 2, bias: false, rounding: "ceil" };
    expect(define({ ...convolution, kernel: 1 })).to.deep.include(convolution);
    const average = { type: "average-pooling", stride: [2, 3], rounding: "ceil", countPadding: true };
    expect(define({ ...average, kernel: 3, padding: [0, 1, 2, 1] })).to.deep.include(average);
    const norm = { alphaDividedBySize: false, scope: "tower" };
    const constants = { size: 4, alpha: 1e-4, beta: 1, k: 2 };
    expect(define({ type: "local-response-normalisation", ...constants, ...norm })).to.deep.include(norm);
    expect(define({ type: "dropout", rate: 0.5, scaling: "test" })).to.deep.include({ scaling: "test" });
  });

  it("takes a field that is undefined as left out", () => {
    expect(define({ type: "fully-connected", outFeatures: 3, bias: undefined })).to.deep.include({
      bias: true,
    });
  });

  it("freezes the network to its leaves, and nothing of what it was given", () => {
    const kernel = [3, 3];
    const padding = [1, 1, 1, 1];
    const layer = { type: "max-pooling", name: "pool", kernel, padding };
    const description = { name: "case", input: [1, 4, 4], layers: [layer] };
    const network = defineNetwork(description);
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(network)).to.equal(true);
    for (const given of [description, description.input, description.layers, layer, kernel, padding])
      expect(Object.isFrozen(given)).to.equal(false);
    description.input[0] = 7;
    expect(network.input).to.deep.equal([1, 4, 4]);
  });
});

describe("the published networks", () => {
  for (const name of MODEL_NAMES)
    it(`${name} is the same after JSON`, () => {
      const network = networkByName(name);
      expect(defineNetwork(JSON.parse(JSON.stringify(network)))).to.deep.equal(network);
      expect(network.name).to.equal(name);
    });

  it("are all in `networks`", () => {
    expect(Object.values(networks).map((make) => make().name)).to.have.members([...MODEL_NAMES]);
  });

  it("run as two towers where they are grouped", () => {
    expect(MODEL_NAMES.map((name) => [name, towersOf(networkByName(name))])).to.deep.equal([
      ["alexnet2012", 2],
      ["caffenet", 2],
      ["bvlc-alexnet", 2],
      ["single-tower", 1],
      ["torchvision", 1],
    ]);
  });
});
