import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { PREPROCESSING } from "../../lib/network/preprocessing.js";
import { loadMean, loadWeights, withMean, type Mean } from "../../lib/weights/index.js";
import { checkPreprocessing } from "../../lib/weights/metadata.js";
import { caffeExpected, caffeFixture, data, dims, shape } from "./helpers/caffe.js";
import { expectError, withFile } from "./helpers/files.js";

const { caffenet, torchvision } = PREPROCESSING;
const refuses = (content: Buffer, message: string): Promise<void> =>
  withFile(content, (path) => expectError(loadMean(path), "WEIGHTS_INVALID", message, path));

/** A .npy of zeros. */
const npy = (descr: string, sizes: string, bytes: number): Buffer => {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${sizes}, }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(header),
    Buffer.alloc(bytes),
  ]);
};

describe("mean files", () => {
  for (const name of [
    "mean.binaryproto",
    "mean-double.binaryproto",
    "mean.npy",
    "mean-float.npy",
    "colour.npy",
  ])
    it(`reads ${name}`, async () => {
      const path = caffeFixture(name);
      const { mean } = await caffeExpected(name);
      const wanted: Mean = { source: path, shape: mean.shape, data: Float32Array.from(mean.values) };
      expect(await loadMean(path)).to.deep.equal(wanted);
    });

  it("takes one pixel for a colour", () =>
    withFile(Buffer.concat([dims(1, 3, 1, 1), data(1, 2, 3)]), async (path) => {
      expect((await loadMean(path)).shape).to.deep.equal([3]);
    }));

  const rule = "of the mean is %; it must be [3, S, S] with S up to 4096, or [3]; save the mean so";
  const damaged = "; the file is damaged, get it again";
  const refused: readonly [title: string, content: Buffer, text: string][] = [
    [
      "nothing",
      Buffer.alloc(0),
      "FILE: starts with bytes (none); a mean must be a .binaryproto of Caffe or a .npy; give such a file",
    ],
    [
      "an image",
      Buffer.of(0xff, 0xd8, 0xff),
      "FILE: starts with bytes ffd8ff; a mean must be a .binaryproto of Caffe or a .npy; give such a file",
    ],
    [
      "two channels",
      Buffer.concat([dims(1, 2, 1, 1), data(1, 2)]),
      `FILE: shape ${rule.replace("%", "[1,2,1,1]")}`,
    ],
    [
      "two means",
      Buffer.concat([dims(2, 3, 1, 1), data(1, 2, 3, 4, 5, 6)]),
      `FILE: shape ${rule.replace("%", "[2,3,1,1]")}`,
    ],
    [
      "a mean that is not square",
      Buffer.concat([shape(3, 1, 2), data(1, 2, 3, 4, 5, 6)]),
      `FILE: shape ${rule.replace("%", "[3,1,2]")}`,
    ],
    ["two axes", npy("<f4", "(3, 1)", 12), `FILE: shape ${rule.replace("%", "[3,1]")}`],
    [
      "a mean larger than any image",
      npy("<f4", "(3, 4097, 4097)", 0),
      `FILE: shape ${rule.replace("%", "[3,4097,4097]")}`,
    ],
    [
      "whole numbers",
      npy("<i4", "(3,)", 12),
      'FILE: descr of the mean is "<i4"; it must be "<f4" or "<f8"; save the mean so',
    ],
    [
      "too many numbers",
      npy("<f4", "(3,)", 13),
      `FILE: the file's size is 81; it must be 80, as its header says${damaged}`,
    ],
    [
      "too few numbers",
      npy("<f8", "(3,)", 23),
      `FILE: the file's size is 91; it must be 92, as its header says${damaged}`,
    ],
    [
      "more numbers than its dimensions say",
      Buffer.concat([dims(1, 3, 1, 1), data(1, 2, 3, 4)]),
      `FILE: the mean: its data has 4 numbers; it must be 3, as its dimensions 1 x 3 x 1 x 1 say${damaged}`,
    ],
    [
      "NaN",
      Buffer.concat([dims(1, 3, 1, 1), data(1, NaN, 3)]),
      'FILE: tensor "mean": element 1 is NaN; every value must be finite as float32; training diverged or the file is damaged',
    ],
  ];
  for (const [title, content, message] of refused) it(`refuses ${title}`, () => refuses(content, message));

  it("refuses the order of Fortran", async () => {
    const path = caffeFixture("mean-fortran.npy");
    await expectError(
      loadMean(path),
      "WEIGHTS_INVALID",
      "FILE: fortran_order of the mean is true; it must be False; save the mean so",
      path,
    );
  });

  it("names a mean that is given for weights", async () => {
    const path = caffeFixture("mean.binaryproto");
    await expectError(
      loadWeights(path),
      "WEIGHTS_INVALID",
      "FILE: is a mean image of Caffe (.binaryproto), which is not read; give it with --mean (`loadMean`), beside the" +
        " weights",
      path,
    );
  });
});

describe("withMean", () => {
  const image: Mean = {
    ...{
      source: "m",
      shape: [3, 2, 2],
      data: Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400),
    },
  };
  const colour: Mean = { source: "m", shape: [3], data: Float32Array.of(1, 2, 3) };
  const small = { ...caffenet, size: 2 };

  it("puts a colour into the recipe's order and scale", () => {
    expect(withMean(caffenet, colour)).to.deep.equal({ ...caffenet, mean: [1, 2, 3] });
    const scaled = { ...torchvision, scale: 0.5 };
    expect(withMean(scaled, colour)).to.deep.equal({ ...scaled, mean: [1.5, 1, 0.5] });
    expect(withMean(withMean(small, image), colour)).to.deep.equal({ ...small, mean: [1, 2, 3] });
  });

  it("puts an image into the recipe's order and scale, and its colour beside it", () => {
    expect(withMean(small, image)).to.deep.equal({ ...small, mean: [2.5, 25, 250], meanImage: image.data });
    const scaled = { ...torchvision, size: 2, scale: 0.5 };
    const meanImage = Float32Array.of(50, 100, 150, 200, 5, 10, 15, 20, 0.5, 1, 1.5, 2);
    expect(withMean(scaled, image)).to.deep.equal({ ...scaled, mean: [125, 12.5, 1.25], meanImage });
    expect([...image.data].slice(0, 4)).to.deep.equal([1, 2, 3, 4]);
  });

  it("refuses an image of another size", () =>
    expectError(
      () => withMean(caffenet, image),
      "INPUT_INVALID",
      "m: the mean image is [3, 2, 2]; it must be [3, 256, 256], the size to which images are resized; give the mean that" +
        " these weights were trained with, or its colour",
    ));

  it("refuses a mean of colours for grey images", () =>
    expectError(
      () => withMean({ ...small, channels: "grey", mean: [1], std: [1] }, image),
      "INPUT_INVALID",
      "m: the mean is of three channels; the preprocessing's channels are grey, which need one number; leave the mean of" +
        " these weights as it is",
    ));

  it("makes recipes that are checked as others are", async () => {
    const recipe = withMean(small, image);
    expect(checkPreprocessing(recipe)).to.equal(recipe);
    for (const [meanImage, shown] of [
      [image.data.subarray(1), "a Float32Array of 44 bytes"],
      [Float32Array.of(...image.data.subarray(1), NaN), "a Float32Array of 48 bytes"],
      [[1], "[1]"],
      [null, "null"],
    ] as const)
      await expectError(
        () => checkPreprocessing({ ...recipe, meanImage }),
        "WEIGHTS_INVALID",
        `meanImage is ${shown}; it must be a Float32Array of 3 x 2 x 2 finite numbers, as withMean makes it`,
      );
  });

  it("has a golden file that begins as the released one must: a bare BlobProto with packed floats", async () => {
    const bytes = await readFile(caffeFixture("mean.binaryproto"));
    // num 1, channels 3, height 8, width 8, then 768 bytes of packed floats
    expect(bytes.subarray(0, 11).toString("hex")).to.equal("08011003180820082a8006");
  });
});
