/** What a Caffe net says about its images: their size, and how they were prepared for it. */
import { weightsErrors } from "../../errors/weights.js";
import { PREPROCESSING, type Preprocessing } from "../../network/preprocessing.js";
import { shortestDecimal } from "../numbers.js";
import type { Message, MessageBytes } from "../protobuf/message.js";
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

interface InputSize {
  /** Missing where only a crop's size is told. */
  readonly channels?: number;
  readonly height: number;
  readonly width: number;
}

/** Batch, channels, height and width: as many numbers as an image's blob has. */
const AXES = 4;
/** Axes of any blob of Caffe. */
const MOST_AXES = 32;
const MOST_INPUTS = 64;

export interface Image {
  /** What the first layer reads; empty where nothing tells it. */
  readonly name: string;
  readonly size?: InputSize;
}

/**
 * Which of the inputs is the image, and its size where the file tells it. Inputs are named by the net (`input`) or are
 * the tops of layers that bring data; the image is the one that the layers begin with, else the first.
 * @param first the name that the first layer reads
 * @throws AlexNetError WEIGHTS_INVALID for a net whose inputs and their shapes do not belong together.
 */
export async function imageOf(
  net: Message,
  layers: readonly CaffeLayer[],
  first: string | undefined,
): Promise<Image> {
  const inputs = await inputsOf(net);
  for (const layer of layers) if (DATA_TYPES.has(layer.type)) inputs.push(...(await topsOf(layer)));
  const names = inputs.map(({ name }) => name);
  const name = [names.find((one) => one === first), ...names, first].find((one) => one !== undefined) ?? "";
  // a net for both has a layer that brings data for training and one for testing
  const size = inputs.find((one) => one.name === name && one.size)?.size;
  return { name, ...(size && { size }) };
}

/** Those of the net itself: each with a shape of its own, or with four of the older `input_dim`. */
async function inputsOf(net: Message): Promise<Image[]> {
  const names = await net.texts(3, MOST_INPUTS);
  const dims = await net.integers(4, MOST_INPUTS * AXES);
  const parts = net.all(8, 2);
  if (parts.length > 0 && dims.length > 0)
    throw weightsErrors.refused(
      net.source,
      net.what,
      "has both `input_shape` and `input_dim`, of which Caffe reads one kind",
      "save it again with Caffe",
    );
  const [field, told, each] = dims.length > 0 ? ["input_dim", dims, AXES] : ["input_shape", parts, 1];
  // where layers bring the data, there are none; else the size may not be told
  if (told.length > 0 && told.length !== each * names.length)
    throw net.brokenAt(
      `\`${field}\``,
      `has a length of ${told.length}; it must be ${each * names.length}, ${each} for each \`input\``,
    );
  const shapes = await shapesOf(net, parts, "input_shape");
  return names.map((name, index) => {
    const size = sizeOf(parts.length > 0 ? shapes[index] : dims.slice(AXES * index, AXES * (index + 1)));
    return { name, ...(size && { size }) };
  });
}

/** The numbers of each BlobShape. */
async function shapesOf(message: Message, parts: readonly MessageBytes[], what: string): Promise<number[][]> {
  const shapes: number[][] = [];
  for (const part of parts)
    shapes.push(await (await message.part(part, `${message.what}: ${what}`)).integers(1, MOST_AXES));
  return shapes;
}

/** Nothing for a shape that is no image's. */
const sizeOf = (dims: readonly number[]): InputSize | undefined =>
  dims.length === AXES ? { channels: dims[1], height: dims[2], width: dims[3] } : undefined;

/** Of an Input layer every top has a shape, or all have the same; of others the first top is the image. */
async function topsOf(layer: CaffeLayer): Promise<Image[]> {
  const { type, tops, parameters, message } = layer;
  if (type !== "Input") {
    const size = await sizeOfData(layer);
    return tops.slice(0, 1).map((name) => ({ name, ...(size && { size }) }));
  }
  const input = await parameters("input_param");
  const parts = input?.all(1, 2) ?? [];
  if (parts.length > 1 && parts.length !== tops.length)
    throw message.brokenAt(
      "its shapes",
      `are ${parts.length} for ${tops.length} tops; there must be one for all or one for each`,
    );
  const shapes = input ? await shapesOf(message, parts, "shape") : [];
  return tops.map((name, index) => {
    const size = sizeOf(shapes.length === 0 ? [] : shapes[shapes.length === 1 ? 0 : index]);
    return { name, ...(size && { size }) };
  });
}

async function sizeOfData({ type, parameters }: CaffeLayer): Promise<InputSize | undefined> {
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
