import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import type { Network } from "../../lib/network/layers.js";
import { parametersOf } from "../../lib/network/parameters.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { MODEL_NAMES, networkByName, type ModelName } from "../../lib/network/variants.js";
import { layerName } from "../../lib/weights/names.js";
import { recognise, resolveNetwork } from "../../lib/weights/resolve.js";
import type { Purpose, Weights } from "../../lib/weights/weights.js";
import { expectError } from "./helpers/files.js";

type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

const shapesOf = (network: Network): Shapes => parametersOf(network).map(({ name, shape }) => [name, shape]);

/** Weights of these shapes; nobody reads their numbers here. */
const weightsOf = (shapes: Shapes, purpose: Purpose = {}): Weights => ({
  ...purpose,
  source: "w.bin",
  format: "test",
  tensors: new Map(shapes.map(([name, shape]) => [name, { name, shape, dtype: "F32" }])),
  stream: () => Promise.reject(new Error("not read")),
});

/** A published form with another number of classes. */
const withClasses = (model: ModelName, outFeatures: number): Network => {
  const network = networkByName(model);
  const layers = network.layers.map((layer) => (layer.name === "fc8" ? { ...layer, outFeatures } : layer));
  return defineNetwork({ ...network, layers });
};

const tiny = defineNetwork({
  name: "tiny",
  input: [1, 1, 4],
  layers: [
    { type: "flatten", name: "flat" },
    { type: "fully-connected", name: "fc", outFeatures: 2 },
  ],
});

describe("names of tensors", () => {
  const names: readonly [key: string, name: string][] = [
    ["features.0.weight", "conv1.weight"],
    ["features.10.bias", "conv5.bias"],
    ["module.features.6.bias", "conv3.bias"],
    ["features.module.8.weight", "conv4.weight"],
    ["module.features.module.3.weight", "conv2.weight"],
    ["classifier.1.weight", "fc6.weight"],
    ["classifier.4.weight", "fc7.weight"],
    ["module.classifier.6.bias", "fc8.bias"],
    ["module.conv1.weight", "conv1.weight"],
    ["conv1.weight", "conv1.weight"],
    ["module.weight", "module.weight"],
    ["module.module.bias", "module.bias"],
    ["features.1.weight", "features.1.weight"],
    ["features.0.running_mean", "features.0.running_mean"],
  ];
  for (const [key, name] of names)
    it(`maps ${key} to ${name}`, () => {
      expect(layerName(key)).to.equal(name);
    });
});

describe("recognise", () => {
  it("tells the two PyTorch forms apart by shape, and gives their preprocessing", () => {
    for (const model of ["torchvision", "single-tower"] as const) {
      const found = recognise(weightsOf(shapesOf(networkByName(model))));
      expect(found.network).to.deep.equal(networkByName(model));
      expect(found.preprocessing).to.equal(PREPROCESSING[model]);
    }
  });

  it("says nothing of the two-tower forms, nor of shapes that no form has", () => {
    for (const model of ["alexnet2012", "caffenet", "bvlc-alexnet"] as const)
      expect(recognise(weightsOf(shapesOf(networkByName(model))))).to.deep.equal({});
    expect(recognise(weightsOf([["conv1.weight", [1, 1, 1, 1]]]))).to.deep.equal({});
  });

  it("keeps what the file says", () => {
    const network = networkByName("caffenet");
    const weights = weightsOf(shapesOf(network), { network, preprocessing: PREPROCESSING.torchvision });
    expect(recognise(weights)).to.deep.equal({ network, preprocessing: PREPROCESSING.torchvision });
  });
});

describe("resolveNetwork", () => {
  for (const model of MODEL_NAMES)
    it(`takes ${model} by name for its own shapes`, () => {
      const network = networkByName(model);
      expect(resolveNetwork(weightsOf(shapesOf(network)), model)).to.deep.equal({
        network,
        preprocessing: PREPROCESSING[model],
      });
    });

  it("finds the form by shape where only one fits", () => {
    const weights = weightsOf(shapesOf(networkByName("torchvision")));
    expect(resolveNetwork(weights).network.name).to.equal("torchvision");
  });

  it("asks where several fit", () =>
    expectError(
      () => resolveNetwork(weightsOf(shapesOf(networkByName("caffenet")))),
      "WEIGHTS_AMBIGUOUS",
      "w.bin: its tensors fit alexnet2012, caffenet, bvlc-alexnet alike, and their results differ;" +
        " say which with --model (`network`)",
    ));

  it("checks a network that was not defined, given or the weights' own, and fills in its defaults", async () => {
    const written = {
      name: "tiny",
      input: [1, 1, 4],
      layers: [
        { type: "flatten", name: "flat" },
        { type: "fully-connected", name: "fc", outFeatures: 2 },
      ],
    } as unknown as Network;
    const shapes = shapesOf(tiny);
    expect(resolveNetwork(weightsOf(shapes), written)).to.deep.equal({ network: tiny });
    expect(resolveNetwork(weightsOf(shapes, { network: written }))).to.deep.equal({ network: tiny });
    expect(resolveNetwork(weightsOf(shapes), tiny).network).to.equal(tiny);
    const wrong = { ...tiny, input: [0, 1, 4] } as unknown as Network;
    const text =
      "network tiny: input is [0,1,4]; it must be [channels, height, width], whole numbers from 1 to 1048576";
    await expectError(() => resolveNetwork(weightsOf(shapes), wrong), "NETWORK_INVALID", text);
    await expectError(() => resolveNetwork(weightsOf(shapes, { network: wrong })), "NETWORK_INVALID", text);
    await expectError(
      () => resolveNetwork(weightsOf(shapes), null as unknown as Network),
      "NETWORK_INVALID",
      /^network: got null; /,
    );
  });

  it("takes the number of classes from the weights for a form by name, found or given", () => {
    const ten = withClasses("torchvision", 10);
    const weights = weightsOf(shapesOf(ten));
    expect(resolveNetwork(weights)).to.deep.equal({ network: ten, preprocessing: PREPROCESSING.torchvision });
    expect(resolveNetwork(weights, "torchvision").network).to.deep.equal(ten);
  });

  it("takes a network as it is: other classes do not fit it", () =>
    expectError(
      () => resolveNetwork(weightsOf(shapesOf(withClasses("torchvision", 10))), networkByName("torchvision")),
      "WEIGHTS_MISMATCH",
      "w.bin: does not fit torchvision: fc8.weight is [10, 4096], must be [1000, 4096];" +
        " fc8.bias is [10], must be [1000]; choose another --model (`network`) or file",
    ));

  it("lets a given model win over the file's, with the file's preprocessing, as long as its shapes fit", async () => {
    const network = networkByName("caffenet");
    const weights = weightsOf(shapesOf(network), { network, preprocessing: PREPROCESSING.torchvision });
    expect(resolveNetwork(weights).network).to.equal(network);
    const { network: given, preprocessing } = resolveNetwork(weights, "alexnet2012");
    expect(given.name).to.equal("alexnet2012");
    expect(preprocessing).to.equal(PREPROCESSING.torchvision);
    await expectError(
      () => resolveNetwork(weights, "torchvision"),
      "WEIGHTS_MISMATCH",
      /^w\.bin: does not fit torchvision: conv1\.weight is \[96, 3, 11, 11\], must be \[64, 3, 11, 11\]; /,
    );
  });

  it("checks the file's own network too", () =>
    expectError(
      () => resolveNetwork(weightsOf([["fc.weight", [2, 4]]], { network: tiny })),
      "WEIGHTS_MISMATCH",
      "w.bin: does not fit tiny: fc.bias is missing ([2]); choose another --model (`network`) or file",
    ));

  it("names every missing, unknown and mis-shaped tensor at once", () =>
    expectError(
      () =>
        resolveNetwork(
          weightsOf([
            ["fc.weight", [4, 2]],
            ["fc.scale", [2]],
          ]),
          tiny,
        ),
      "WEIGHTS_MISMATCH",
      "w.bin: does not fit tiny: fc.weight is [4, 2], must be [2, 4]; fc.bias is missing ([2]);" +
        " fc.scale [2] is unknown; choose another --model (`network`) or file",
    ));

  it("lists 20 tensors and counts the others", () => {
    const strange = Array.from({ length: 30 }, (_, i): [string, number[]] => [`x${i}`, [1]]);
    return expectError(
      () => resolveNetwork(weightsOf(strange), tiny),
      "WEIGHTS_MISMATCH",
      /fc\.bias is missing \(\[2\]\); x0 \[1\] is unknown; .*x17 \[1\] is unknown; and 12 more; choose another/,
    );
  });

  it("names the closest form where none fits", () => {
    const [, ...shapes] = shapesOf(networkByName("single-tower"));
    return expectError(
      () => resolveNetwork(weightsOf(shapes)),
      "WEIGHTS_MISMATCH",
      "w.bin: fits none of alexnet2012, caffenet, bvlc-alexnet, single-tower, torchvision; closest is single-tower:" +
        " conv1.weight is missing ([96, 3, 11, 11]); give the `network` that it was made for",
    );
  });

  for (const shape of [[0, 4096], [7], [], [1_200_000, 1], [2_000_000, 0], [2 ** 20 + 1, 4096]])
    it(`names a last layer of shape [${shape.join(", ")}] as one that does not fit`, () => {
      const shapes = shapesOf(networkByName("torchvision")).map(
        ([name, own]): [string, readonly number[]] => [name, name === "fc8.weight" ? shape : own],
      );
      return expectError(
        () => resolveNetwork(weightsOf(shapes), "torchvision"),
        "WEIGHTS_MISMATCH",
        `w.bin: does not fit torchvision: fc8.weight is [${shape.join(", ")}], must be [1000, 4096];` +
          " choose another --model (`network`) or file",
      );
    });

  it("takes as many classes as a layer may have", () => {
    const most = withClasses("torchvision", 2 ** 20);
    expect(resolveNetwork(weightsOf(shapesOf(most)), "torchvision").network).to.deep.equal(most);
  });

  it("has no preprocessing for a network of another name", () => {
    expect(resolveNetwork(weightsOf(shapesOf(tiny)), tiny)).to.deep.equal({ network: tiny });
  });

  it("refuses an unknown model name", () =>
    expectError(
      () => resolveNetwork(weightsOf([]), "vgg" as ModelName),
      "OPTION_INVALID",
      'model: got "vgg"; it must be one of alexnet2012, caffenet, bvlc-alexnet, single-tower, torchvision',
    ));
});
