/** Small files of data, built by hand. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { MemoryDataset } from "../../../lib/training/data/dataset.js";
import type { Random } from "../../random.js";

/** A folder of its own for each use, gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "alexnet-data-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Files by their path below the folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Big-endian words, then bytes. */
export const bytesOf = (words: readonly number[], values: Iterable<number> = []): Buffer => {
  const head = Buffer.alloc(4 * words.length);
  words.forEach((word, at) => head.writeUInt32BE(word, 4 * at));
  return Buffer.concat([head, Buffer.from([...values])]);
};

export const idxImages = (count: number, height: number, width: number, values: Iterable<number>): Buffer =>
  bytesOf([0x803, count, height, width], values);
export const idxLabels = (labels: readonly number[]): Buffer => bytesOf([0x801, labels.length], labels);

/** Values that tell their place: 7 times it, plus `from`. */
export const ramp = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, at) => (from + 7 * at) % 256);

/** A record of CIFAR-10: pixel (y, x) of channel c is `value(c, y, x)`. */
export function cifarRecord(label: number, value: (channel: number, y: number, x: number) => number): Buffer {
  const record = Buffer.alloc(3073);
  record[0] = label;
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < 32; y++)
      for (let x = 0; x < 32; x++) record[1 + (channel * 32 + y) * 32 + x] = value(channel, y, x);
  return record;
}

export const png = (width: number, height: number, channels: 1 | 3, data: Uint8Array): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels } }).png().toBuffer();

export const randomBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(0, 255));

/** Images of random bytes in memory, of `classes` classes in turn. */
export function randomDataset(
  random: Random,
  size: number,
  shape: readonly [number, number, number],
  classes = 3,
): Dataset {
  const [channels, height, width] = shape;
  return new MemoryDataset(
    "random images",
    Array.from({ length: classes }, (_, label) => `class ${label}`),
    shape,
    Uint8Array.from({ length: size }, (_, index) => index % classes),
    randomBytes(random, size * channels * height * width),
  );
}
