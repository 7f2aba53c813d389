/**
 * CIFAR-10's binary version (A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html): records of a label byte and
 * 3072 bytes of pixels, 32 x 32, the red plane first, then green and blue, rows from the top.
 */
import { join } from "node:path";
import { dataErrors } from "../../errors/data.js";
import { MemoryDataset, type Dataset, type Split } from "./dataset.js";
import { LARGEST_FILE, readBounded } from "./read-file.js";

const SIDE = 32;
const PLANE = SIDE * SIDE;
const PIXELS = 3 * PLANE;
const RECORD = 1 + PIXELS;
const CLASSES = 10;

const TRAINING = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const TEST = "test_batch.bin";
/** Class names, one a line. */
const NAMES = "batches.meta.txt";
/** Bytes; the original's has 61. */
const LARGEST_NAMES = 65_536;

/** Whether a folder's names are those of the binary version. */
export const isCifar = (names: readonly string[]): boolean =>
  [...TRAINING, TEST].some((name) => names.includes(name));

/**
 * Reads the images of a split into memory: "train" is data_batch_1.bin to data_batch_5.bin, "test" test_batch.bin; there
 * is no "val", since who looks at the test images to decide anything has none left for the end. Without
 * batches.meta.txt classes are called "0" to "9".
 * @throws AlexNetError DATA_UNREADABLE; DATA_INVALID naming file, field, what was got and the rule; DATA_NO_SPLIT.
 */
export async function openCifar(folder: string, names: readonly string[], split: Split): Promise<Dataset> {
  if (split === "val") throw dataErrors.noSplit(folder, split, ["images for that among CIFAR-10's files"]);
  const files = split === "train" ? TRAINING : [TEST];
  const there = files.filter((name) => names.includes(name));
  if (there.length === 0) throw dataErrors.noSplit(folder, split, files);
  const missing = files.find((name) => !names.includes(name));
  if (missing !== undefined) throw dataErrors.companion(join(folder, there[0]), missing);
  const classes = names.includes(NAMES)
    ? await readNames(join(folder, NAMES))
    : Array.from({ length: CLASSES }, (_, label) => String(label));
  const batches: Uint8Array[] = [];
  for (const name of files) batches.push(await readBatch(join(folder, name)));
  const images = batches.reduce((sum, bytes) => sum + bytes.length / RECORD, 0);
  const labels = new Uint8Array(images);
  const pixels = new Uint8Array(images * PIXELS);
  let image = 0;
  for (const bytes of batches)
    for (let at = 0; at < bytes.length; at += RECORD, image++) {
      labels[image] = bytes[at];
      interleave(bytes, at + 1, pixels, image * PIXELS);
    }
  return new MemoryDataset(
    join(folder, files.length === 1 ? TEST : "data_batch_*.bin"),
    classes,
    [3, SIDE, SIDE],
    labels,
    pixels,
  );
}

async function readBatch(path: string): Promise<Uint8Array> {
  const bytes = await readBounded(path, LARGEST_FILE);
  if (bytes.length === 0 || bytes.length % RECORD !== 0)
    throw dataErrors.field(
      path,
      "the file's size (bytes)",
      bytes.length,
      `a multiple of ${RECORD}: records of a label and ${PIXELS} bytes of pixels`,
    );
  for (let at = 0; at < bytes.length; at += RECORD)
    if (bytes[at] >= CLASSES)
      throw dataErrors.field(
        path,
        `the label of record ${at / RECORD}`,
        bytes[at],
        `from 0 to ${CLASSES - 1}`,
      );
  return bytes;
}

async function readNames(path: string): Promise<readonly string[]> {
  const text = Buffer.from(await readBounded(path, LARGEST_NAMES)).toString("utf8");
  const names = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length !== CLASSES)
    throw dataErrors.field(path, "the number of class names", names.length, `${CLASSES}, one a line`);
  return names;
}

/** [3, PLANE] to [PLANE, 3]. */
function interleave(from: Uint8Array, source: number, to: Uint8Array, target: number): void {
  for (let pixel = 0; pixel < PLANE; pixel++) {
    to[target + 3 * pixel] = from[source + pixel];
    to[target + 3 * pixel + 1] = from[source + PLANE + pixel];
    to[target + 3 * pixel + 2] = from[source + 2 * PLANE + pixel];
  }
}
