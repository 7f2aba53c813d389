import { join } from "node:path";
import { expect } from "chai";
import { openDataset } from "../../../lib/training/data/open.js";
import { expectError } from "../../weights/helpers/files.js";
import { cifarRecord, inFolder, writeFiles } from "./helpers.js";

const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const record = (label: number) =>
  cifarRecord(label, (channel, y, x) => (label * 20 + channel * 100 + y * 3 + x) % 256);
const files: Readonly<Record<string, Uint8Array | string>> = {
  ...Object.fromEntries([1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, record(batch)])),
  "test_batch.bin": Buffer.concat([record(0), record(9)]),
  // as in the archive, with an empty line at the end
  "batches.meta.txt": `${names.join("\n")}\n\n`,
};

describe("CIFAR-10's binary batches", () => {
  for (const below of ["", "cifar-10-batches-bin"])
    it(`are read, planes made pixels, ${below === "" ? "from the folder" : `from the folder's ${below}`}`, () =>
      inFolder(async (folder) => {
        await writeFiles(join(folder, below), files);
        const train = await openDataset(folder, "train");
        expect(train).to.deep.include({ size: 5, classes: names, shape: [3, 32, 32], inMemory: true });
        expect([0, 1, 2, 3, 4].map((index) => train.label(index))).to.deep.equal([1, 2, 3, 4, 5]);
        const wanted = Uint8Array.from({ length: 3072 }, (_, at) => {
          const [y, x, channel] = [Math.floor(at / 96), Math.floor(at / 3) % 32, at % 3];
          return (3 * 20 + channel * 100 + y * 3 + x) % 256;
        });
        expect(train.pixels(2)).to.deep.equal({ width: 32, height: 32, channels: 3, data: wanted });
        const test = await openDataset(folder, "test");
        expect([test.size, test.label(0), test.label(1)]).to.deep.equal([2, 0, 9]);
        await expectError(
          openDataset(folder, "val"),
          "DATA_NO_SPLIT",
          'FILE: there is no split "val": no images for that among CIFAR-10\'s files; put it there, or take another split',
          join(folder, below),
        );
      }));

  it("have numbers for class names where there is no list of them", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "test_batch.bin": record(9) });
      expect((await openDataset(folder, "test")).classes).to.deep.equal(Array.from("0123456789"));
      await expectError(
        openDataset(folder, "train"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "train": no data_batch_1.bin, no data_batch_2.bin, no data_batch_3.bin, no' +
          " data_batch_4.bin, no data_batch_5.bin; put it there, or take another split",
        folder,
      );
    }));

  for (const [title, changed, text] of [
    [
      "a file that is cut",
      { "data_batch_4.bin": record(4).subarray(0, 3072) },
      "FILE/data_batch_4.bin: the file's size (bytes) is 3072; it must be a multiple of 3073: records of a label and" +
        " 3072 bytes of pixels; fetch or make the file again",
    ],
    [
      "an empty file",
      { "data_batch_4.bin": Buffer.alloc(0) },
      "FILE/data_batch_4.bin: the file's size (bytes) is 0; it must be a multiple of 3073: records of a label and 3072" +
        " bytes of pixels; fetch or make the file again",
    ],
    [
      "a label past the classes",
      { "data_batch_2.bin": Buffer.concat([record(1), record(10)]) },
      "FILE/data_batch_2.bin: the label of record 1 is 10; it must be from 0 to 9; fetch or make the file again",
    ],
    [
      "a list of other than ten names",
      { "batches.meta.txt": "cat\ndog\n" },
      "FILE/batches.meta.txt: the number of class names is 2; it must be 10, one a line; fetch or make the file again",
    ],
    [
      "a list of names that is too long",
      { "batches.meta.txt": "x".repeat(65_537) },
      "FILE/batches.meta.txt: the file's size (bytes) is 65537; it must be at most 65536; fetch or make the file again",
    ],
  ] as const)
    it(`refuses ${title}`, () =>
      inFolder(async (folder) => {
        await writeFiles(folder, { ...files, ...changed });
        await expectError(openDataset(folder, "train"), "DATA_INVALID", text, folder);
      }));

  it("refuses a training set of which a file is missing", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "data_batch_1.bin": record(1), "data_batch_3.bin": record(1) });
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        "FILE/data_batch_1.bin: data_batch_2.bin is not beside it; the two belong together; put it there",
        folder,
      );
    }));
});
