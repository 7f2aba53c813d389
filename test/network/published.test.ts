import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Layer, Network } from "../../lib/network/layers.js";
import { publishedForm, withClasses } from "../../lib/network/published.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";

const changed = (network: Network, change: (layer: Layer) => object | undefined): Network =>
  defineNetwork({ ...network, name: "other", layers: network.layers.map(change).filter(Boolean) });

describe("publishedForm", () => {
  for (const model of MODEL_NAMES)
    it(`knows ${model} under any name, with any names of its layers`, () => {
      const network = networkByName(model);
      const renamed = changed(network, (layer) => ({ ...layer, name: `${layer.name}_` }));
      expect(publishedForm(renamed)).to.deep.equal(network);
    });

  it("knows one with another number of classes, and gives it with as many", () => {
    const form = publishedForm(
      changed(networkByName("caffenet"), (layer) =>
        layer.name === "fc8" ? { ...layer, outFeatures: 7 } : layer,
      ),
    );
    expect(form).to.deep.equal(withClasses(networkByName("caffenet"), 7));
    expect(form?.layers.find(({ name }) => name === "fc8")).to.deep.include({ outFeatures: 7 });
  });

  it("knows one without dropout and softmax, and gives it with them", () => {
    const bare = changed(networkByName("bvlc-alexnet"), (layer) =>
      layer.type === "dropout" || layer.type === "softmax" ? undefined : layer,
    );
    expect(publishedForm(bare)).to.deep.equal(networkByName("bvlc-alexnet"));
  });

  it("knows one with other rates of dropout, and gives it with these", () => {
    const rated = (network: Network, rate: number) =>
      changed(network, (layer) => (layer.type === "dropout" ? { ...layer, rate } : layer));
    for (const model of ["caffenet", "torchvision"] as const) {
      const wanted = rated(networkByName(model), 0.3);
      expect(publishedForm(wanted)).to.deep.equal({ ...wanted, name: model });
    }
    // what is scaled in inference is computed
    expect(publishedForm(rated(networkByName("alexnet2012"), 0.3))).to.equal(undefined);
  });

  it("knows one whose dropout stands before the ReLU, and none whose dropout stands elsewhere", () => {
    const caffenet = networkByName("caffenet");
    const drop = { type: "dropout", name: "drop6", rate: 0.3, scaling: "train" };
    const moved = (before: string) =>
      defineNetwork({
        ...caffenet,
        layers: caffenet.layers
          .filter(({ name }) => name !== "drop6")
          .flatMap((layer) => (layer.name === before ? [drop, layer] : [layer])),
      });
    expect(publishedForm(moved("relu6"))?.layers.find(({ name }) => name === "drop6")).to.deep.equal(drop);
    expect(publishedForm(moved("fc6"))).to.equal(undefined);
  });

  it("knows none in a network that computes something else", () => {
    const caffenet = networkByName("caffenet");
    expect(publishedForm(defineNetwork({ ...caffenet, input: [3, 231, 231] }))).to.equal(undefined);
    const narrow = changed(caffenet, (layer) =>
      layer.name === "fc7" ? { ...layer, outFeatures: 4095 } : layer,
    );
    expect(publishedForm(narrow)).to.equal(undefined);
    const relu = defineNetwork({ name: "n", input: [3, 2, 2], layers: [{ type: "relu", name: "r" }] });
    expect(publishedForm(relu)).to.equal(undefined);
  });
});

describe("withClasses", () => {
  const caffenet = networkByName("caffenet");

  it("leaves a network alone that has as many, or whose classifier cannot have as many", () => {
    for (const classes of [undefined, 1000, 0, 2 ** 20 + 1])
      expect(withClasses(caffenet, classes)).to.equal(caffenet);
  });

  it("leaves a network alone that has no classifier", () => {
    const relu = defineNetwork({ name: "n", input: [3, 2, 2], layers: [{ type: "relu", name: "r" }] });
    expect(withClasses(relu, 7)).to.equal(relu);
  });
});
