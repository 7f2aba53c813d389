import { expect } from "chai";
import { defineNetwork } from "../../lib/network/define.js";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { checkPreprocessing, metadataFromPurpose, purposeFromMetadata } from "../../lib/weights/metadata.js";
import { expectError } from "./helpers/files.js";

const network = defineNetwork({
  name: "tiny",
  input: [1, 1, 4],
  layers: [
    { type: "flatten", name: "flat" },
    { type: "fully-connected", name: "fc", outFeatures: 2 },
  ],
});
const format = "alexnet-threads";
const read = (metadata: Record<string, string>) =>
  purposeFromMetadata("w", new Map(Object.entries(metadata)));

describe("metadata of safetensors files", () => {
  it("keeps the network, the preprocessing and the labels, or what there is of them", () => {
    const purpose = { network, preprocessing: PREPROCESSING.alexnet2012, labels: ["a", "b"] };
    expect(read(metadataFromPurpose("w", purpose))).to.deep.equal(purpose);
    const meanImage = Float32Array.of(0.1, -2, 3e-5, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const exact = { preprocessing: { ...PREPROCESSING.caffenet, size: 2, meanImage } };
    expect(read(metadataFromPurpose("w", exact))).to.deep.equal(exact);
    expect(metadataFromPurpose("w", {})).to.deep.equal({ format });
    expect(read({ format })).to.deep.equal({});
  });

  it("refuses to write what is longer than is read back", () => {
    const labels = ["é".repeat((1 << 20) - 4)];
    expect(read(metadataFromPurpose("w", { labels }))).to.deep.equal({ labels });
    return expectError(
      () => metadataFromPurpose("w", { labels: [`${labels[0]}e`] }),
      "WEIGHTS_UNWRITABLE",
      "w: labels would have 1048577 characters; readers take at most 1048576; take the mean image" +
        " (preprocessing.meanImage) out, so that its mean colour stands for it, or write fewer labels",
    );
  });

  it("leaves alone what other programs wrote", () => {
    expect(read({ format: "pt", network: "resnet" })).to.deep.equal({});
    expect(read({ network: "resnet" })).to.deep.equal({});
  });

  const again = "; save the weights again";
  const refused: [field: string, text: string, message: string][] = [
    [
      "network",
      "7",
      `w: __metadata__ network: network: got 7; it must be an object with name, input and layers; see docs/formats.md${again}`,
    ],
    ["labels", '["a",1]', `w: __metadata__ labels: labels is ["a",1]; it must be a list of strings${again}`],
    [
      "labels",
      '["a"]',
      `w: __metadata__ labels: the number of labels is 1; it must be the network's 2 outputs${again}`,
    ],
    [
      "preprocessing",
      "[]",
      "w: __metadata__ preprocessing: preprocessing is []; it must be an object with channels, scale, mean, std," +
        ` resize, size, filter, centre${again}`,
    ],
  ];
  const small = JSON.stringify({ ...PREPROCESSING.torchvision, size: 1 });
  const wrong = (got: string, rule: string) =>
    `w: __metadata__ meanImage: meanImage is ${got}; it must be ${rule}${again}`;
  refused.push(
    ["meanImage", "AAAA!AAA", wrong('"AAAA!AAA"', "float32 numbers in base64")],
    ["meanImage", "AAAA", wrong('"AAAA"', "float32 numbers in base64")],
    [
      "meanImage",
      "AAAAAA==",
      wrong("a Float32Array of 4 bytes", "a Float32Array of 3 x 1 x 1 finite numbers, as withMean makes it"),
    ],
    [
      "meanImage",
      "AADAfwAAwH8AAMB/",
      wrong("a Float32Array of 12 bytes", "a Float32Array of 3 x 1 x 1 finite numbers, as withMean makes it"),
    ],
  );
  for (const [field, text, message] of refused)
    it(`refuses ${field} ${text}`, () =>
      expectError(
        () => read({ format, network: JSON.stringify(network), preprocessing: small, [field]: text }),
        "WEIGHTS_INVALID",
        message,
      ));

  it("refuses a mean image without a preprocessing", () =>
    expectError(
      () => read({ format, meanImage: "AAAAAAAAAAAAAAAA" }),
      "WEIGHTS_INVALID",
      'w: __metadata__ meanImage: meanImage is "AAAAAAAAAAAAAAAA"; it must be beside a preprocessing, which it is a' +
        ` part of${again}`,
    ));

  const texts: readonly [title: string, text: string, problem: string][] = [
    ["that is cut off", "{", "it is not JSON: a string expected at character 1, got the end"],
    ["with a key twice", '{"a":1,"a":2}', 'it is not JSON: key "a" is there twice'],
    ["of a thousand lists", "[".repeat(1000), "it is not JSON: nested deeper than 32 at character 32"],
    [
      "of a million characters and more",
      " ".repeat((1 << 20) + 1),
      "the number of its characters is 1048577; it must be at most 1048576",
    ],
  ];
  for (const [title, text, problem] of texts)
    for (const field of ["network", "preprocessing", "labels"])
      it(`refuses ${field} ${title}`, () =>
        expectError(
          () => read({ format, [field]: text }),
          "WEIGHTS_INVALID",
          `w: __metadata__ ${field}: ${problem}${again}`,
        ));

  it("gives __proto__ no meaning", () =>
    expectError(
      () => read({ format, network: '{"__proto__":{"name":"a"},"input":[1,1,1],"layers":[]}' }),
      "WEIGHTS_INVALID",
      /^w: __metadata__ network: network: unknown parameter "__proto__"/,
    ));

  const fields: readonly [field: string, value: unknown, text: string][] = [
    ["channels", "RGBA", 'channels is "RGBA"; it must be "RGB", "BGR" or "grey"'],
    ["scale", 0, "scale is 0; it must be a number above 0"],
    ["scale", "1", 'scale is "1"; it must be a number above 0'],
    ["mean", [1, 2], "mean is [1,2]; it must be three numbers, or a list of one for grey"],
    ["mean", [1, 2, null], "mean is [1,2,null]; it must be three numbers, or a list of one for grey"],
    ["std", [1, 2, 0], "std is [1,2,0]; it must be three numbers above 0, or a list of one for grey"],
    ["resize", "crop", 'resize is "crop"; it must be "shorter-side" or "stretch"'],
    ["size", 25.5, "size is 25.5; it must be a whole number from 1 to 4096"],
    ["size", 0, "size is 0; it must be a whole number from 1 to 4096"],
    ["size", 4097, "size is 4097; it must be a whole number from 1 to 4096"],
    ["filter", undefined, 'filter is nothing; it must be "pil" or "opencv"'],
    ["centre", "ceil", 'centre is "ceil"; it must be "round" or "truncate"'],
    [
      "gamma",
      1,
      'a key is "gamma"; it must be one of channels, scale, mean, std, resize, size, filter, centre, meanImage',
    ],
  ];
  for (const [field, value, text] of fields)
    it(`refuses a preprocessing whose ${text}`, () =>
      expectError(
        () => checkPreprocessing({ ...PREPROCESSING.torchvision, [field]: value }),
        "WEIGHTS_INVALID",
        text,
      ));

  const grey = { ...PREPROCESSING.torchvision, channels: "grey", mean: [0.5], std: [0.25] };
  it("takes grey images with a mean and a std of one number, and a mean image of one channel", () => {
    expect(checkPreprocessing(grey)).to.equal(grey);
    const withImage = { ...grey, size: 2, meanImage: new Float32Array(4) };
    expect(checkPreprocessing(withImage)).to.equal(withImage);
  });

  for (const [field, value, text] of [
    ["mean", [1, 2, 3], "mean is [1,2,3]; it must be three numbers, or a list of one for grey"],
    ["mean", 1, "mean is 1; it must be three numbers, or a list of one for grey"],
    ["std", [0], "std is [0]; it must be three numbers above 0, or a list of one for grey"],
    [
      "meanImage",
      new Float32Array(3 * 256 * 256),
      "meanImage is a Float32Array of 786432 bytes; it must be a Float32Array of 1 x 256 x 256 finite numbers, as" +
        " withMean makes it",
    ],
  ] as const)
    it(`refuses grey images whose ${text}`, () =>
      expectError(() => checkPreprocessing({ ...grey, [field]: value }), "WEIGHTS_INVALID", text));

  it("takes the largest size", () => {
    expect(checkPreprocessing({ ...PREPROCESSING.torchvision, size: 4096 })).to.have.property("size", 4096);
  });

  it("takes every published preprocessing", () => {
    for (const published of Object.values(PREPROCESSING))
      expect(checkPreprocessing(JSON.parse(JSON.stringify(published)))).to.deep.equal(published);
  });
});
