/** Every text of dataErrors, as its factory makes it; test/training/data meets them. */
import { expect } from "chai";
import type { AlexNetError, ErrorCode } from "../../lib/errors/base.js";
import { dataErrors } from "../../lib/errors/data.js";

const cause = new Error("EIO: i/o error");

/** By factory, so that the compiler misses one that is not here. */
const TEXTS: Record<keyof typeof dataErrors, readonly [error: AlexNetError, code: ErrorCode, text: string]> =
  {
    option: [dataErrors.option("crops", 5, "1 or 10"), "OPTION_INVALID", "crops: got 5; it must be 1 or 10"],
    normalisation: [
      dataErrors.normalisation(new Error("mean is [1]; it must be three numbers")),
      "OPTION_INVALID",
      "normalisation: mean is [1]; it must be three numbers; mend it in the recipe",
    ],
    unreadable: [
      dataErrors.unreadable("d", cause),
      "DATA_UNREADABLE",
      "d: the data cannot be read (EIO: i/o error); check the path and its permissions",
    ],
    notAFile: [
      dataErrors.notAFile("d"),
      "DATA_UNREADABLE",
      "d: it is not a regular file; put the data's own file there",
    ],
    unrecognised: [
      dataErrors.unrecognised("d"),
      "DATA_INVALID",
      "d: the folder holds no data that is known; it must hold a folder for each class with its images, MNIST's" +
        " train-images-idx3-ubyte and the like, or CIFAR-10's data_batch_1.bin and the like; check the path, and unpack" +
        " archives",
    ],
    noSplit: [
      dataErrors.noSplit("d", "val", ["val", "test"]),
      "DATA_NO_SPLIT",
      'd: there is no split "val": no val, no test; put it there, or take another split',
    ],
    companion: [
      dataErrors.companion("d/a", "b"),
      "DATA_INVALID",
      "d/a: b is not beside it; the two belong together; put it there",
    ],
    field: [
      dataErrors.field("d", "label 1", 5, "from 0 to 4"),
      "DATA_INVALID",
      "d: label 1 is 5; it must be from 0 to 4; fetch or make the file again",
    ],
    shorterThanHead: [
      dataErrors.shorterThanHead("d", 3, 8),
      "DATA_INVALID",
      "d: it has 3 bytes; its head alone must have 8; fetch or make the file again",
    ],
    tooLarge: [
      dataErrors.tooLarge("d", 9, 8),
      "DATA_INVALID",
      "d: it holds 9 bytes, unpacked; a file that is read into memory must hold at most 8; give a folder of images",
    ],
    unpackable: [
      dataErrors.unpackable("d", cause),
      "DATA_INVALID",
      "d: it cannot be unpacked (EIO: i/o error); fetch the file again",
    ],
    noImages: [
      dataErrors.noImages("d", [".jpg", ".png"]),
      "DATA_INVALID",
      "d: the folder holds no image; it must hold files that end in .jpg, .png; fill or remove it",
    ],
    unknownClass: [
      dataErrors.unknownClass("val/b", "train"),
      "DATA_INVALID",
      "val/b: no class of train has this name; a class must be there too; remove or rename the folder",
    ],
    item: [
      dataErrors.item(3, "label", -1, "from 0"),
      "INPUT_INVALID",
      "item 3: label is -1; it must be from 0",
    ],
    pixels: [
      dataErrors.pixels("d", 3, 5, [2, 2, 1]),
      "INPUT_INVALID",
      "d: image 3 has 5 bytes; it must have 2 x 2 x 1, height, width and channels; mend pixels() of the data set",
    ],
    preparedOtherwise: [
      dataErrors.preparedOtherwise("d", { size: 8 }, [3, 6, 7]),
      "OPTION_INVALID",
      'dataset: d is prepared as {"size":8} for an input [3, 6, 7]; it must be prepared as it is used; give the data set' +
        " that it was made of",
    ],
    noItems: [
      dataErrors.noItems("images"),
      "INPUT_INVALID",
      "images: there is no item; training needs images; check the iterable",
    ],
    tooManyBytes: [
      dataErrors.tooManyBytes(7, 100),
      "MEMORY_TOO_LARGE",
      "item 7: the images up to it take more than maxBytes, 100; raise maxBytes, or give paths in place of images",
    ],
    badImage: [
      dataErrors.badImage("IMAGE_UNREADABLE", new Error("a.jpg: the image has 0 bytes")),
      "IMAGE_UNREADABLE",
      'a.jpg: the image has 0 bytes; mend or remove this image, or go on without it: onBadImage "skip"',
    ],
    noGoodImage: [
      dataErrors.noGoodImage("d", 3),
      "DATA_INVALID",
      "d: none of its 3 images can be read; check that they are whole",
    ],
    constantChannel: [
      dataErrors.constantChannel("d", 2),
      "DATA_INVALID",
      "d: channel 2 has the same value in every pixel; a standard deviation of 0 cannot be divided by; give std in the" +
        " recipe",
    ],
  };

describe("errors of data", () => {
  for (const [factory, [error, code, text]] of Object.entries(TEXTS))
    it(`${factory}: ${text}`, () => {
      expect(error).to.include({ code, message: text });
    });

  it("keep their cause, and are all pinned here", () => {
    for (const error of [TEXTS.unreadable, TEXTS.unpackable]) expect(error[0].cause).to.equal(cause);
    expect(Object.keys(TEXTS)).to.have.members(Object.keys(dataErrors));
  });
});
