import { expect } from "chai";
import { AlexNetError } from "../../lib/errors/base.js";
import { networkErrors } from "../../lib/errors/network.js";
import { defineNetwork } from "../../lib/network/define.js";
import { networkByName } from "../../lib/network/variants.js";

const conv = { type: "convolution", name: "conv1", outChannels: 4, kernel: 3 };
const pool = { type: "max-pooling", name: "pool1", kernel: 3 };
const average = { ...pool, type: "average-pooling", name: "pool2" };
const norm = { type: "local-response-normalisation", name: "norm1", size: 5, alpha: 1e-4, beta: 0.75, k: 2 };
const full = { type: "fully-connected", name: "fc6", outFeatures: 10 };
const relu = { type: "relu", name: "relu1" };
const drop = { type: "dropout", name: "drop6", rate: 0.5 };
const withInput = (input: unknown) => ({ name: "net", input, layers: [relu] });
const withLayers = (...layers: unknown[]) => ({ name: "net", input: [4, 8, 8], layers });

const INPUT = "network net: input is";
const SIZES = "it must be [channels, height, width], whole numbers from 1 to 1048576";
const WHOLE = "it must be a whole number from 1 to 1048576";
const PAIR = "it must be a whole number from 1 to 1048576, or [height, width]";
const PADDING =
  "it must be a whole number from 0 to 1048576, [vertical, horizontal] or [top, left, bottom, right]";
const NAME = "it must be a letter, then letters, digits, - or _";
const TYPES =
  "it must be one of convolution, relu, max-pooling, average-pooling, local-response-normalisation," +
  " fully-connected, dropout, flatten, softmax";

/** Which factory of networkErrors, a description that meets it, the whole text. */
const REFUSED: [factory: keyof typeof networkErrors, description: unknown, text: string][] = [
  [
    "notAnObject",
    [conv],
    'network: got [{"type":"convolution","name":"conv1","outChannels":4,"kernel":3}]; it must be an object with' +
      " name, input and layers; see docs/formats.md",
  ],
  [
    "notAnObject",
    undefined,
    "network: got nothing; it must be an object with name, input and layers; see docs/formats.md",
  ],
  [
    "unknownKey",
    { ...withLayers(relu), inputs: [1, 2, 3] },
    'network: unknown parameter "inputs"; known are name, input, layers; remove or rename it',
  ],
  [
    "unknownKey",
    withLayers({ ...conv, group: 2 }),
    'conv1: unknown parameter "group"; known are type, name, outChannels, kernel, stride, padding, groups, bias,' +
      " rounding; remove or rename it",
  ],
  [
    "unknownKey",
    withLayers({ ...relu, slope: 0.1 }),
    'relu1: unknown parameter "slope"; known are type, name; remove or rename it',
  ],
  ["field", { input: [4, 8, 8], layers: [relu] }, `network: name is nothing; ${NAME}`],
  ["field", { ...withLayers(relu), name: "a b" }, `network: name is "a b"; ${NAME}`],
  ["field", withLayers(relu, { type: "relu" }), `layer 2: name is nothing; ${NAME}`],
  ["field", withLayers({ ...relu, name: "7" }), `layer 1: name is "7"; ${NAME}`],
  ["field", withInput(undefined), `${INPUT} nothing; ${SIZES}`],
  ["field", withInput([3, 224]), `${INPUT} [3,224]; ${SIZES}`],
  ["field", withInput([0, 224, 224]), `${INPUT} [0,224,224]; ${SIZES}`],
  ["field", withInput([3, 224.5, 224]), `${INPUT} [3,224.5,224]; ${SIZES}`],
  ["field", withInput([3, 1, 1048577]), `${INPUT} [3,1,1048577]; ${SIZES}`],
  [
    "field",
    { ...withLayers(), layers: "conv" },
    'network net: layers is "conv"; it must be a list of layers',
  ],
  ["field", withLayers(7), "network: layer 1 is 7; it must be an object with type and name"],
  ["field", withLayers({ ...conv, outChannels: 0 }), `conv1: outChannels is 0; ${WHOLE}`],
  ["field", withLayers({ ...conv, outChannels: 1048577 }), `conv1: outChannels is 1048577; ${WHOLE}`],
  ["field", withLayers({ ...conv, kernel: undefined }), `conv1: kernel is nothing; ${PAIR}`],
  ["field", withLayers({ ...conv, stride: [1, 2, 3] }), `conv1: stride is [1,2,3]; ${PAIR}`],
  ["field", withLayers({ ...conv, stride: [1, 0] }), `conv1: stride is [1,0]; ${PAIR}`],
  ["field", withLayers({ ...conv, padding: -1 }), `conv1: padding is -1; ${PADDING}`],
  ["field", withLayers({ ...conv, padding: [1, 1, 1] }), `conv1: padding is [1,1,1]; ${PADDING}`],
  ["field", withLayers({ ...conv, padding: null }), `conv1: padding is null; ${PADDING}`],
  ["field", withLayers({ ...conv, groups: "2" }), `conv1: groups is "2"; ${WHOLE}`],
  ["field", withLayers({ ...conv, bias: 1 }), "conv1: bias is 1; it must be true or false"],
  ["field", withLayers({ ...conv, bias: null }), "conv1: bias is null; it must be true or false"],
  ["field", withLayers({ ...conv, rounding: "up" }), 'conv1: rounding is "up"; it must be "floor" or "ceil"'],
  [
    "unknownKey",
    withLayers({ ...pool, countPadding: true }),
    'pool1: unknown parameter "countPadding"; known are type, name, kernel, stride, padding, rounding; remove or' +
      " rename it",
  ],
  [
    "field",
    withLayers({ ...average, countPadding: 1 }),
    "pool2: countPadding is 1; it must be true or false",
  ],
  ["field", withLayers({ ...norm, size: 2.5 }), `norm1: size is 2.5; ${WHOLE}`],
  ["field", withLayers({ ...norm, alpha: -1 }), "norm1: alpha is -1; it must be a finite number from 0"],
  ["field", withLayers({ ...norm, beta: 0 }), "norm1: beta is 0; it must be a finite number above 0"],
  ["field", withLayers({ ...norm, k: NaN }), "norm1: k is NaN; it must be a finite number above 0"],
  ["field", withLayers({ ...norm, scope: "all" }), 'norm1: scope is "all"; it must be "tower" or "across"'],
  [
    "field",
    withLayers({ ...norm, alphaDividedBySize: "no" }),
    'norm1: alphaDividedBySize is "no"; it must be true or false',
  ],
  ["field", withLayers({ ...full, outFeatures: -3 }), `fc6: outFeatures is -3; ${WHOLE}`],
  [
    "field",
    withLayers({ ...drop, rate: 1 }),
    "drop6: rate is 1; it must be a number from 0 up to, but not including, 1",
  ],
  [
    "field",
    withLayers({ ...drop, scaling: "both" }),
    'drop6: scaling is "both"; it must be "train" or "test"',
  ],
  ["layerType", withLayers({ ...relu, type: "conv" }), `relu1: type is "conv"; ${TYPES}`],
  ["layerType", withLayers({ ...relu, type: "toString" }), `relu1: type is "toString"; ${TYPES}`],
  ["layerType", withLayers({ name: "relu1" }), `relu1: type is nothing; ${TYPES}`],
  [
    "duplicateName",
    withLayers(relu, relu),
    "relu1: name is used by two layers; every layer needs a name of its own; rename one",
  ],
  [
    "field",
    withLayers(...Array<object>(257).fill({ type: "relu", name: "r" })),
    "network net: the number of layers is 257; it must be at most 256",
  ],
  ["empty", withLayers(), "network net: layers is empty; it must hold at least one layer"],
  [
    "groups",
    withLayers({ ...conv, groups: 3 }),
    "conv1: groups 3 does not divide input channels 4; choose groups that divide both sides",
  ],
  [
    "groups",
    withLayers({ ...conv, outChannels: 5, groups: 2 }),
    "conv1: groups 2 does not divide outChannels 5; choose groups that divide both sides",
  ],
  [
    "towers",
    withLayers({ ...conv, groups: 2 }, { ...conv, name: "conv2", groups: 4 }),
    "conv1: groups is 2; it must be 1 or the network's number of towers, 4 (its largest groups); use one number" +
      " of groups in all grouped layers",
  ],
  [
    "kernelTooLarge",
    withLayers({ ...conv, kernel: [9, 3] }),
    "conv1: kernel height 9 is greater than input + padding 8; use a larger input or padding",
  ],
  [
    "kernelTooLarge",
    withLayers({ ...pool, kernel: [3, 11], padding: [0, 1] }),
    "pool1: kernel width 11 is greater than input + padding 10; use a larger input or padding",
  ],
  [
    "paddingTooLarge",
    withLayers({ ...pool, padding: [0, 0, 3, 0] }),
    "pool1: padding 3 must be less than the kernel 3, or a window would see nothing of the input",
  ],
  [
    "paddingTooLarge",
    withLayers({ ...pool, kernel: [5, 4], padding: [0, 0, 0, 4] }),
    "pool1: padding 4 must be less than the kernel 4, or a window would see nothing of the input",
  ],
  [
    "paddingTooLarge",
    withLayers({ ...pool, kernel: [5, 2], padding: [0, 2] }),
    "pool1: padding 2 must be less than the kernel 2, or a window would see nothing of the input",
  ],
  [
    "paddingTooLarge",
    withLayers({ ...average, padding: 3, countPadding: true }),
    "pool2: padding 3 must be less than the kernel 3, or a window would see nothing of the input",
  ],
  [
    "needsMap",
    withLayers(full, average),
    "pool2: average-pooling needs an input [C, H, W], got [10]; put it before flatten and fully-connected",
  ],
  [
    "needsMap",
    withLayers({ type: "flatten", name: "flatten" }, pool),
    "pool1: max-pooling needs an input [C, H, W], got [256]; put it before flatten and fully-connected",
  ],
  [
    "needsMap",
    withLayers(full, conv),
    "conv1: convolution needs an input [C, H, W], got [10]; put it before flatten and fully-connected",
  ],
  [
    "needsMap",
    withLayers(full, norm),
    "norm1: local-response-normalisation needs an input [C, H, W], got [10]; put it before flatten and" +
      " fully-connected",
  ],
  [
    "lrnTowers",
    withLayers(
      { ...conv, groups: 2 },
      { ...conv, name: "conv2", outChannels: 5 },
      { ...norm, scope: "tower" },
    ),
    'norm1: 5 channels cannot be shared between 2 towers; use scope "across" or a number of channels that 2' +
      " divides",
  ],
  [
    "lrnReach",
    withLayers({ ...conv, outChannels: 2, groups: 2 }, { ...norm, size: 5 }),
    "norm1: a window across the towers reaches 2 channels, and a tower has 1; it may reach into the neighbouring" +
      " tower only; use a smaller size",
  ],
  [
    "softmaxNotLast",
    withLayers({ type: "softmax", name: "prob" }, relu),
    "prob: softmax must be the last layer; move it to the end",
  ],
];

/** What `make` throws. */
function thrownBy(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  return "nothing was thrown";
}

describe("errors of networks", () => {
  for (const [factory, description, text] of REFUSED)
    it(`${factory}: ${text}`, () => {
      const error = thrownBy(() => defineNetwork(description));
      expect(error).to.be.instanceOf(AlexNetError);
      expect(error).to.include({ code: "NETWORK_INVALID", message: text });
    });

  it("unknownVariant: names what was got and what there is", () => {
    for (const [got, shown] of [
      ["alexnet", '"alexnet"'],
      ["toString", '"toString"'],
    ])
      expect(thrownBy(() => networkByName(got))).to.include({
        code: "OPTION_INVALID",
        message:
          `model: got ${shown}; it must be one of alexnet2012, caffenet, bvlc-alexnet, single-tower,` +
          " torchvision",
      });
  });

  it("are all pinned here", () => {
    const pinned = new Set<string>([...REFUSED.map(([factory]) => factory), "unknownVariant"]);
    expect([...pinned]).to.have.members(Object.keys(networkErrors));
  });
});
