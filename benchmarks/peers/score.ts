/**
 * What a user of sharp and onnxruntime-node would write: photographs to NDJSON rows. Decodes four at a time, and the
 * next batch while this one runs. Run as `node score.js ARGUMENTS`, with ScoreArguments as JSON.
 */
import { createWriteStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { finished } from "node:stream/promises";
import sharp from "sharp";
import { writeCrop } from "../../lib/images/crops.js";
import { IMAGE_EXTENSIONS } from "../../lib/images/decode.js";
import type { Shape } from "../../lib/network/layers.js";
import type { Preprocessing } from "../../lib/network/preprocessing.js";
import { topClasses } from "../../lib/scoring/top-classes.js";
import { onnxruntime } from "./onnxruntime.js";

export interface ScoreArguments {
  /** A folder, or one photograph. */
  readonly photographs: string;
  /** An ONNX file that gives probabilities. */
  readonly model: string;
  /** [3, H, W] of the network. */
  readonly input: Shape;
  readonly preprocessing: Preprocessing;
  readonly threads: number;
  readonly batch: number;
  /** A file for the rows; stdout where left out. */
  readonly out?: string;
}

/** As many as libuv has threads: sharp decodes on those. */
const DECODERS = 4;
const TOP = 5;

const given = JSON.parse(process.argv[2]) as ScoreArguments;
const { preprocessing, input, batch } = given;
const [channels, height, width] = input;
const values = channels * height * width;

async function photographsIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => IMAGE_EXTENSIONS.includes(extname(name).toLowerCase()))
    .sort()
    .map((name) => join(path, name));
}

/** Decodes, resizes and cuts the centre out with sharp; the mean goes off on the way into the tensor. */
async function prepare(path: string, target: Float32Array, offset: number): Promise<void> {
  const { size, resize } = preprocessing;
  const { data } = await sharp(path)
    .resize(size, size, { fit: resize === "stretch" ? "fill" : "cover", kernel: "linear" })
    .extract({
      left: Math.trunc((size - width) / 2),
      top: Math.trunc((size - height) / 2),
      width,
      height,
    })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const crop = { cropWidth: width, cropHeight: height, centreRow: 0, centreColumn: 0 };
  const image = { data, width, height, channels: 3 as const, ...crop };
  const layout = { offset, channel: height * width, row: width, column: 1 };
  writeCrop(image, { row: 0, column: 0, mirrored: false }, preprocessing, target, layout);
}

async function prepareAll(paths: readonly string[]): Promise<Float32Array> {
  const target = new Float32Array(paths.length * values);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < paths.length; at = next++) await prepare(paths[at], target, at * values);
  };
  await Promise.all(Array.from({ length: Math.min(DECODERS, paths.length) }, work));
  return target;
}

function rowsOf(paths: readonly string[], probabilities: Float32Array): string {
  const classes = probabilities.length / paths.length;
  return paths
    .map((path, at) => {
      const own = Float64Array.from(probabilities.subarray(at * classes, (at + 1) * classes));
      return `${JSON.stringify({ path, top: topClasses(own, TOP, undefined) })}\n`;
    })
    .join("");
}

const paths = await photographsIn(given.photographs);
const batches = Array.from({ length: Math.ceil(paths.length / batch) }, (_, index) =>
  paths.slice(index * batch, (index + 1) * batch),
);
const output = given.out === undefined ? process.stdout : createWriteStream(given.out);
const peer = onnxruntime("onnxruntime-node", input, given.threads);
// the first photographs are decoded while the model loads
let prepared = prepareAll(batches[0]);
await peer.load(given.model);
for (const [index, own] of batches.entries()) {
  const tensor = await prepared;
  if (index + 1 < batches.length) prepared = prepareAll(batches[index + 1]);
  output.write(rowsOf(own, await peer.run(tensor, own.length)));
}
if (output !== process.stdout) await finished(output.end());
