/** What can be wrong with data sets, and with how batches are made of them. */
import { AlexNetError, reasonOf, show, type ErrorCode } from "./base.js";

const invalidData = (message: string, cause?: unknown) =>
  new AlexNetError("DATA_INVALID", message, cause === undefined ? undefined : { cause });

/** Errors of data sets and of batches. `path` is the file or folder, `source` what a data set calls itself. */
export const dataErrors = {
  option: (parameter: string, got: unknown, rule: string) =>
    new AlexNetError("OPTION_INVALID", `${parameter}: got ${show(got)}; it must be ${rule}`),
  normalisation: (cause: unknown) =>
    new AlexNetError("OPTION_INVALID", `normalisation: ${reasonOf(cause)}; mend it in the recipe`, { cause }),
  unreadable: (path: string, cause: unknown) =>
    new AlexNetError(
      "DATA_UNREADABLE",
      `${path}: the data cannot be read (${reasonOf(cause)}); check the path and its permissions`,
      { cause },
    ),
  notAFile: (path: string) =>
    new AlexNetError("DATA_UNREADABLE", `${path}: it is not a regular file; put the data's own file there`),
  unrecognised: (path: string) =>
    invalidData(
      `${path}: the folder holds no data that is known; it must hold a folder for each class with its images, MNIST's` +
        ` train-images-idx3-ubyte and the like, or CIFAR-10's data_batch_1.bin and the like; check the path, and unpack` +
        ` archives`,
    ),
  noSplit: (path: string, split: string, wanted: readonly string[]) =>
    new AlexNetError(
      "DATA_NO_SPLIT",
      `${path}: there is no split "${split}": no ${wanted.join(", no ")}; put it there, or take another split`,
    ),
  companion: (path: string, missing: string) =>
    invalidData(`${path}: ${missing} is not beside it; the two belong together; put it there`),
  field: (path: string, field: string, got: unknown, rule: string) =>
    invalidData(
      `${path}: ${field} is ${typeof got === "string" ? got : show(got)}; it must be ${rule}; fetch or make the file` +
        ` again`,
    ),
  shorterThanHead: (path: string, bytes: number, head: number) =>
    invalidData(
      `${path}: it has ${bytes} bytes; its head alone must have ${head}; fetch or make the file again`,
    ),
  tooLarge: (path: string, bytes: number, limit: number) =>
    invalidData(
      `${path}: it holds ${bytes} bytes, unpacked; a file that is read into memory must hold at most ${limit}; give a` +
        ` folder of images`,
    ),
  unpackable: (path: string, cause: unknown) =>
    invalidData(`${path}: it cannot be unpacked (${reasonOf(cause)}); fetch the file again`, cause),
  noImages: (path: string, extensions: readonly string[]) =>
    invalidData(
      `${path}: the folder holds no image; it must hold files that end in ${extensions.join(", ")}; fill or remove it`,
    ),
  unknownClass: (path: string, training: string) =>
    invalidData(
      `${path}: no class of ${training} has this name; a class must be there too; remove or rename the folder`,
    ),
  item: (index: number, field: string, got: unknown, rule: string) =>
    new AlexNetError("INPUT_INVALID", `item ${index}: ${field} is ${show(got)}; it must be ${rule}`),
  pixels: (source: string, index: number, bytes: number, shape: readonly number[]) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${source}: image ${index} has ${bytes} bytes; it must have ${shape.join(" x ")}, height, width and channels;` +
        ` mend pixels() of the data set`,
    ),
  preparedOtherwise: (source: string, framing: unknown, input: readonly number[]) =>
    new AlexNetError(
      "OPTION_INVALID",
      `dataset: ${source} is prepared as ${show(framing)} for an input [${input.join(", ")}]; it must be prepared as it is` +
        ` used; give the data set that it was made of`,
    ),
  noItems: (source: string) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${source}: there is no item; training needs images; check the iterable`,
    ),
  tooManyBytes: (index: number, limit: number) =>
    new AlexNetError(
      "MEMORY_TOO_LARGE",
      `item ${index}: the images up to it take more than maxBytes, ${limit}; raise maxBytes, or give paths in place of` +
        ` images`,
    ),
  badImage: (code: ErrorCode, cause: Error) =>
    new AlexNetError(
      code,
      `${cause.message}; mend or remove this image, or go on without it: onBadImage "skip"`,
      { cause },
    ),
  noGoodImage: (source: string, tried: number) =>
    invalidData(`${source}: none of its ${tried} images can be read; check that they are whole`),
  constantChannel: (source: string, channel: number) =>
    invalidData(
      `${source}: channel ${channel} has the same value in every pixel; a standard deviation of 0 cannot be divided by;` +
        ` give std in the recipe`,
    ),
};
