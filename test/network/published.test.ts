import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Layer, Network } from "../../lib/network/layers.js";
import { asPublished } from "../../lib/network/published.js";
import { MODEL_NAMES, networkByName } from "../../lib/network/variants.js";

const changed = (network: Network, change: (layer: Layer) => object | undefined): Network =>
  defineNetwork({ ...network, name: "other", layers: network.layers.map(change).filter(Boolean) });

describe("asPublished", () => {
  for (const model of MODEL_NAMES)
    it(`knows ${model} under any name`, () => {
      const network = networkByName(model);
      expect(asPublished(defineNetwork({ ...network, name: "other" }))).to.deep.equal(network);
    });

  const caffenet = networkByName("caffenet");
  const same: readonly [title: string, network: Network][] = [
    [
      "other classes",
      changed(caffenet, (layer) => (layer.name === "fc8" ? { ...layer, outFeatures: 7 } : layer)),
    ],
    ["no dropout", changed(caffenet, (layer) => (layer.type === "dropout" ? undefined : layer))],
    ["no softmax", changed(caffenet, (layer) => (layer.type === "softmax" ? undefined : layer))],
    ["no flatten", changed(caffenet, (layer) => (layer.type === "flatten" ? undefined : layer))],
    [
      "other names of layers without parameters",
      changed(caffenet, (layer) => (layer.type === "relu" ? { ...layer, name: `${layer.name}_` } : layer)),
    ],
  ];
  for (const [title, network] of same)
    it(`knows caffenet with ${title}`, () => {
      expect(asPublished(network)).to.deep.equal({ ...network, name: "caffenet" });
    });

  const different: readonly [title: string, network: Network][] = [
    ["another input", defineNetwork({ ...caffenet, input: [3, 231, 231] })],
    [
      "another name of a layer with parameters",
      changed(caffenet, (layer) => (layer.name === "fc8" ? { ...layer, name: "fc8_" } : layer)),
    ],
    [
      "other constants",
      changed(caffenet, (layer) =>
        layer.type === "local-response-normalisation" ? { ...layer, k: 2 } : layer,
      ),
    ],
    [
      "dropout that scales when it is used",
      changed(caffenet, (layer) => (layer.type === "dropout" ? { ...layer, scaling: "test" } : layer)),
    ],
    ["a ReLU less", changed(caffenet, (layer) => (layer.name === "relu5" ? undefined : layer))],
    [
      "other sizes",
      changed(caffenet, (layer) => (layer.name === "fc7" ? { ...layer, outFeatures: 4095 } : layer)),
    ],
  ];
  for (const [title, network] of different)
    it(`does not take a network with ${title} for caffenet`, () => {
      expect(asPublished(network)).to.equal(undefined);
    });
});
