/** Photographs for the suites that run whole commands: views of the project's samples, each another one. */
import { mkdir, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { fillSeeded } from "../../test/seeded-weights.js";

const SAMPLES = fileURLToPath(new URL("../../../fixtures/samples/", import.meta.url));

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** About that of a photograph of ImageNet. */
export const PHOTOGRAPH: Size = { width: 500, height: 375 };

/** A view is at least this share of a sample's width and height. */
const LEAST_VIEW = 0.6;
/**
 * Of a channel's 256 values, to both sides: the samples are smaller, and enlarged they are smoother than a photograph,
 * whose decoding takes longer. With it a file has about 90 KB.
 */
const GRAIN = 24;
const QUALITY = 92;

/**
 * Writes `count` JPEGs, the same ones in every run, no two with the same bytes.
 * @param classes folders inside of `folder` that get them in turn, and that are made; `folder` itself where left out
 */
export async function makePhotographs(
  folder: string,
  count: number,
  size: Size,
  classes: readonly string[] = ["."],
): Promise<void> {
  for (const name of classes) await mkdir(join(folder, name), { recursive: true });
  const samples = (await readdir(SAMPLES)).sort();
  const numbers = Array.from({ length: count }, (_, number) => number);
  const work = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const sample = join(SAMPLES, samples[number % samples.length]);
      const name = `${String(number).padStart(5, "0")}.jpg`;
      await makePhotograph(sample, number, size, join(folder, classes[number % classes.length], name));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

async function makePhotograph(sample: string, number: number, size: Size, path: string): Promise<void> {
  const { width, height } = await sharp(sample).metadata();
  const { data, info } = await sharp(sample)
    .extract(viewOf(width, height, number))
    .resize(size.width, size.height, { fit: "fill" })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const grain = new Float32Array(data.length);
  fillSeeded(number, GRAIN, 0, grain);
  // this array rounds, and takes what is below 0 or above 255 for these
  const pixels = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at++) pixels[at] = data[at] + grain[at];
  const raw = { width: info.width, height: info.height, channels: info.channels };
  await sharp(pixels, { raw }).jpeg({ quality: QUALITY }).toFile(path);
}

/** A part of the sample with its shape, at a place that depends on the number alone. */
function viewOf(width: number, height: number, number: number) {
  const random = new Float32Array(3);
  fillSeeded(number, 0.5, 0, random);
  const [share, across, down] = random.map((value) => value + 0.5);
  const scale = LEAST_VIEW + (1 - LEAST_VIEW) * share;
  const view = { width: Math.floor(width * scale), height: Math.floor(height * scale) };
  const left = Math.floor((width - view.width) * across);
  return { left, top: Math.floor((height - view.height) * down), ...view };
}
