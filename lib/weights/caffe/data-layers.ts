/** What a Caffe net says about its images: their size, and how they were prepared for it. */
import { PREPROCESSING, type Preprocessing } from "../../network/preprocessing.js";
import { shortestDecimal } from "../numbers.js";
import type { Message } from "../protobuf/message.js";
import type { CaffeLayer, ParameterName } from "./layer.js";

/** Layers that bring data: their first top is the image. */
export const DATA_TYPES: ReadonlySet<string> = new Set([
  ...["Data", "ImageData", "WindowData", "MemoryData", "DummyData", "HDF5Data", "Input"],
]);

/** Where each type that reads images keeps its own settings; of all three the numbers are the same. */
const IMAGE_TYPES: ReadonlyMap<string, ParameterName> = new Map([
  ["Data", "data_param"],
  ["ImageData", "image_data_param"],
  ["WindowData", "window_data_param"],
]);

export interface InputSize {
  /** Missing where only a crop's size is told. */
  readonly channels?: number;
  readonly height: number;
  readonly width: number;
}

/** Batch, channels, height and width: as many numbers as an image's blob has. */
const AXES = 4;
const MOST_INPUTS = 64;

/** The size of the input of a net that names it (`input` with `input_shape` or `input_dim`), or of its first data layer that tells one. */
export async function inputSize(net: Message, layers: readonly CaffeLayer[]): Promise<InputSize | undefined> {
  const shapes = await net.message(8, "input_shape");
  const dims = shapes
    ? await shapes.integers(1, MOST_INPUTS * AXES)
    : await net.integers(4, MOST_INPUTS * AXES);
  if (dims.length >= AXES) return sizeOf(dims);
  for (const layer of layers) {
    const size = DATA_TYPES.has(layer.type) ? await sizeOfData(layer) : undefined;
    if (size) return size;
  }
  return undefined;
}

const sizeOf = ([, channels, height, width]: readonly number[]): InputSize => ({ channels, height, width });

async function sizeOfData({ type, parameters, message }: CaffeLayer): Promise<InputSize | undefined> {
  if (type === "Input") {
    const shape = (await parameters("input_param"))?.all(1, 2).at(0);
    const dims = shape
      ? await (await message.part(shape, `${message.what}: shape`)).integers(1, MOST_INPUTS * AXES)
      : [];
    return dims.length === AXES ? sizeOf(dims) : undefined;
  }
  if (type === "MemoryData") {
    const memory = await parameters("memory_data_param");
    const [channels, height, width] = [2, 3, 4].map((number) => memory?.integer(number) ?? 0);
    return height > 0 && width > 0 ? { channels, height, width } : undefined;
  }
  const { crop } = await settingsOf({ type, parameters });
  return crop > 0 ? { height: crop, width: crop } : undefined;
}

interface Settings {
  readonly crop: number;
  readonly scale: number;
  readonly meanFile: boolean;
  readonly meanValues: readonly number[];
}

/** In a message of their own since 2014, before that among those of the layer's type; Caffe reads both. */
async function settingsOf({ type, parameters }: Pick<CaffeLayer, "type" | "parameters">): Promise<Settings> {
  const transform = await parameters("transform_param");
  const own = IMAGE_TYPES.get(type);
  const older = own && (await parameters(own));
  return {
    crop: transform?.integer(3) ?? older?.integer(5) ?? 0,
    scale: shortestDecimal((await transform?.float(1)) ?? (await older?.float(2)) ?? 1),
    meanFile: (transform?.has(4) ?? false) || (older?.has(3) ?? false),
    meanValues: ((await transform?.floats(5, 3)) ?? []).map(shortestDecimal),
  };
}

/**
 * Caffe's recipe, with the scale and the mean of the net's first layer that reads images. For a mean image, which is a
 * file of its own, stands its mean colour. Caffe scales what is left when the mean is subtracted, this package scales
 * first.
 */
export async function preprocessingOf(layers: readonly CaffeLayer[]): Promise<Preprocessing> {
  const caffe = PREPROCESSING.caffenet;
  const layer = layers.find(({ type }) => IMAGE_TYPES.has(type));
  if (layer === undefined) return caffe;
  const { scale, meanFile, meanValues } = await settingsOf(layer);
  if (!(scale > 0 && scale < Infinity && meanValues.every(Number.isFinite)))
    throw layer.message.brokenAt(
      "its scale and mean_value",
      `are ${scale} and [${meanValues.join(", ")}]; they must be finite, the scale above 0`,
    );
  if (meanFile && scale === 1) return caffe;
  const [first = 0, second = first, third = first] = meanFile ? caffe.mean : meanValues;
  return { ...caffe, scale, mean: [first * scale, second * scale, third * scale] };
}
