import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { IMAGE_EXTENSIONS } from "../../../lib/images/index.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { openDataset } from "../../../lib/training/data/open.js";
import { expectError } from "../../weights/helpers/files.js";
import { inFolder, png, writeFiles } from "./helpers.js";

/** Images of one pixel whose red is `value`. */
const dot = (value: number) => png(1, 1, 3, Uint8Array.of(value, 0, 0));

/** [class name, red] of each image. */
async function contents(dataset: Dataset): Promise<[string, number][]> {
  const images: [string, number][] = [];
  for (let index = 0; index < dataset.size; index++)
    images.push([dataset.classes[dataset.label(index)], (await dataset.pixels(index)).data[0]]);
  return images;
}

describe("a folder of pictures", () => {
  it("has a class for each folder, in the order of names, images in theirs; what is no image is left out", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, {
        "dog/2.png": await dot(2),
        "dog/10.PNG": await dot(1),
        "dog/notes.txt": "",
        "dog/.hidden.png": "",
        "Zebra/deeper/and/x.png": await dot(4),
        "Zebra/z.png": await dot(5),
        "cat/a.png": await dot(6),
        ".thumbnails/a.png": "",
        "readme.md": "",
      });
      for (const split of ["train", "test"] as const) {
        const dataset = await openDataset(folder, split);
        expect(dataset).to.deep.include({ source: folder, classes: ["Zebra", "cat", "dog"], size: 5 });
        expect(dataset.inMemory ?? false).to.equal(false);
        expect(await contents(dataset)).to.deep.equal([
          ["Zebra", 4],
          ["Zebra", 5],
          ["cat", 6],
          ["dog", 1],
          ["dog", 2],
        ]);
      }
      await expectError(
        openDataset(folder, "val"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "val": no val; put it there, or take another split',
        folder,
      );
    }));

  it("of splits has the classes of the training set in each of them", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, {
        "train/a/1.png": await dot(1),
        "train/b/1.png": await dot(2),
        "train/c/1.png": await dot(3),
        "val/c/1.png": await dot(4),
        "val/a/1.png": await dot(5),
      });
      expect(await contents(await openDataset(folder, "train"))).to.deep.equal([
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ]);
      for (const split of ["val", "test"] as const) {
        const dataset = await openDataset(folder, split);
        expect(dataset).to.deep.include({ source: join(folder, "val"), classes: ["a", "b", "c"] });
        expect(await contents(dataset)).to.deep.equal([
          ["a", 5],
          ["c", 4],
        ]);
      }
      await writeFiles(folder, { "test/b/1.png": await dot(6) });
      expect(await contents(await openDataset(folder, "test"))).to.deep.equal([["b", 6]]);
      expect((await openDataset(folder, "val")).source).to.equal(join(folder, "val"));
    }));

  it("of a test set alone has its classes, and no training set", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "test/b/1.png": await dot(1) });
      expect((await openDataset(folder, "test")).classes).to.deep.equal(["b"]);
      await expectError(
        openDataset(folder, "val"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "val": no val; put it there, or take another split',
        folder,
      );
      await expectError(
        openDataset(folder, "train"),
        "DATA_NO_SPLIT",
        'FILE: there is no split "train": no train; put it there, or take another split',
        folder,
      );
    }));

  it("may have a class that is called as a split", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "boat/1.png": await dot(1), "train/1.png": await dot(2) });
      expect(await contents(await openDataset(folder, "train"))).to.deep.equal([
        ["boat", 1],
        ["train", 2],
      ]);
    }));

  it("follows links to images and to folders, but for those back up", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "elsewhere/1.png": await dot(1), "data/own/2.png": await dot(2) });
      await symlink(join(folder, "elsewhere"), join(folder, "data", "linked"));
      await symlink(join(folder, "elsewhere", "1.png"), join(folder, "data", "own", "3.png"));
      await symlink(join(folder, "data", "own"), join(folder, "data", "own", "again"));
      expect(await contents(await openDataset(join(folder, "data"), "train"))).to.deep.equal([
        ["linked", 1],
        ["own", 2],
        ["own", 1],
      ]);
    }));

  it("tells which image cannot be read when it is wanted, not before", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "a/1.png": "no image", "a/2.png": await dot(2) });
      const dataset = await openDataset(folder, "train");
      expect(dataset.size).to.equal(2);
      await expectError(
        async () => dataset.pixels(0),
        "IMAGE_UNREADABLE",
        /^FILE\/a\/1\.png: the image cannot be decoded/,
        folder,
      );
    }));

  const extensions = IMAGE_EXTENSIONS.join(", ");
  it("refuses a class of the training set without an image, and a split without one", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "train/a/1.png": await dot(1) });
      await mkdir(join(folder, "train/b"));
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        `FILE/train/b: the folder holds no image; it must hold files that end in ${extensions}; fill or remove it`,
        folder,
      );
      await mkdir(join(folder, "val/a"), { recursive: true });
      await expectError(
        openDataset(folder, "val"),
        "DATA_INVALID",
        `FILE/val: the folder holds no image; it must hold files that end in ${extensions}; fill or remove it`,
        folder,
      );
    }));

  it("refuses a class that the training set has not", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "train/a/1.png": "", "val/b/1.png": "" });
      await expectError(
        openDataset(folder, "val"),
        "DATA_INVALID",
        "FILE/val/b: no class of FILE/train has this name; a class must be there too; remove or rename the folder",
        folder,
      );
    }));

  it("refuses a folder that holds nothing known, and what is no folder", () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { "cifar-10-binary.tar.gz": "" });
      await expectError(
        openDataset(folder, "train"),
        "DATA_INVALID",
        "FILE: the folder holds no data that is known; it must hold a folder for each class with its images, MNIST's" +
          " train-images-idx3-ubyte and the like, or CIFAR-10's data_batch_1.bin and the like; check the path, and unpack" +
          " archives",
        folder,
      );
      const file = join(folder, "cifar-10-binary.tar.gz");
      await expectError(
        openDataset(file, "train"),
        "DATA_UNREADABLE",
        /^FILE: the data cannot be read \(ENOTDIR: .*\); check the path and its permissions$/,
        file,
      );
      const missing = join(folder, "x");
      await expectError(
        openDataset(missing, "train"),
        "DATA_UNREADABLE",
        /^FILE: the data cannot be read \(ENOENT: /,
        missing,
      );
    }));

  it("refuses another split", () =>
    expectError(
      openDataset(".", "validation" as "val"),
      "OPTION_INVALID",
      'split: got "validation"; it must be one of train, val, test',
    ));
});
