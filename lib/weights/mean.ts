/** Mean files, which Caffe's nets were trained less: a .binaryproto (a BlobProto) or a .npy. */
import { weightsErrors } from "../errors/weights.js";
import type { Shape } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { elementsOf } from "../network/shapes.js";
import { readBlob, withRank, type Blob } from "./caffe/blob.js";
import { WeightFile, type OpenFile } from "./file.js";
import { LARGEST_IMAGE } from "./metadata.js";
import { BYTES_PER_ELEMENT } from "./numbers.js";
import { isNpy, NPY_HEAD_BYTES, parseNpyHeader } from "./numpy/npy-header.js";
import { Message } from "./protobuf/message.js";
import { WireReader } from "./protobuf/wire.js";
import { fileWeights } from "./stored.js";
import type { DType } from "./weights.js";

/** A mean of images, in pixels 0..255, blue first, as Caffe has its channels. */
export interface Mean {
  /** The file. */
  readonly source: string;
  /** [3, S, S], a mean for each pixel of the resized image, or [3], a mean colour. */
  readonly shape: Shape;
  readonly data: Float32Array;
}

const NAME = "mean";
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["<f4", "F32"],
  ["<f8", "F64"],
]);

/**
 * Reads a mean file: a .binaryproto of 1 x 3 x S x S floats or doubles, as Caffe's compute_image_mean writes it, or a
 * .npy of shape (3, S, S) or (3,), float32 or float64, in C order, as Caffe has it for Python. They are told apart by
 * their bytes.
 * @throws AlexNetError WEIGHTS_UNREADABLE, or WEIGHTS_INVALID naming the file and the place in it.
 */
export async function loadMean(path: string): Promise<Mean> {
  const file = await WeightFile.at(path);
  const stored = await file.use((opened) => readMean(file, opened));
  const data = new Float32Array(elementsOf(stored.shape));
  const tensors = new Map([[NAME, { ...stored, name: NAME }]]);
  await fileWeights(file, "mean", { tensors }).stream((read) => read(NAME, 0, data));
  return { source: path, shape: meanShape(path, stored.shape), data };
}

async function readMean(file: WeightFile, opened: OpenFile): Promise<Blob> {
  const head = new Uint8Array(Math.min(NPY_HEAD_BYTES, file.size));
  await opened.read(0, head);
  if (isNpy(head)) return readNpy(file, head);
  if (beginsAsBlob(head)) {
    const parts = [{ start: 0, end: file.size }];
    const blob = await readBlob(await Message.read(new WireReader(file, opened), parts, "the mean", "last"));
    meanShape(file.source, blob.shape);
    return blob;
  }
  throw weightsErrors.meanUnrecognised(file.source, head);
}

function readNpy({ source, size }: WeightFile, head: Uint8Array): Blob {
  const { descr, fortranOrder, shape, dataOffset } = parseNpyHeader(source, head);
  const dtype = DTYPES.get(descr);
  if (dtype === undefined)
    throw weightsErrors.meanField(
      source,
      "descr",
      descr,
      [...DTYPES.keys()].map((known) => `"${known}"`).join(" or "),
    );
  if (fortranOrder) throw weightsErrors.meanField(source, "fortran_order", fortranOrder, "False");
  meanShape(source, shape);
  const bytes = elementsOf(shape) * BYTES_PER_ELEMENT[dtype];
  if (dataOffset + bytes !== size)
    throw weightsErrors.field(source, "the file's size", size, `${dataOffset + bytes}, as its header says`);
  return { shape, dtype, offset: dataOffset };
}

/** First tags of a BlobProto: a dimension, data, a shape or doubles. */
const BLOB_TAGS = [0x08, 0x10, 0x18, 0x20, 0x2a, 0x2d, 0x3a, 0x42, 0x41];
const beginsAsBlob = (head: Uint8Array): boolean => BLOB_TAGS.includes(head[0]);

/** [3, S, S], or [3] also for one pixel, without the batch of one that a blob has. */
function meanShape(source: string, stored: Shape): Shape {
  const shape = withRank(stored, 3);
  const [channels, height = 1, width = 1] = shape;
  const isSquare = height === width && height <= LARGEST_IMAGE;
  if (channels !== 3 || !isSquare || ![1, 3].includes(shape.length))
    throw weightsErrors.meanField(source, "shape", stored, `[3, S, S] with S up to ${LARGEST_IMAGE}, or [3]`);
  return height === 1 ? [3] : shape;
}

/**
 * The recipe with this mean in place of its own: the channels are put into the recipe's order, and scaled as its pixels
 * are. A mean image leaves its mean colour in `mean`, which counts again where `meanImage` is taken out.
 * @throws AlexNetError INPUT_INVALID for a mean image of another size than the recipe's, or where the recipe is grey.
 */
export function withMean(preprocessing: Preprocessing, mean: Mean): Preprocessing {
  const { channels, scale, std, resize, size, filter, centre } = preprocessing;
  const { source, shape, data } = mean;
  const pixels = data.length / 3;
  if (channels === "grey") throw weightsErrors.meanOfGrey(source);
  if (shape.length === 3 && shape[1] !== size) throw weightsErrors.meanSize(source, shape, size);
  const planes = ([0, 1, 2] as const).map((plane) => data.subarray(plane * pixels, (plane + 1) * pixels));
  if (channels === "RGB") planes.reverse();
  const [first, second, third] = planes.map(
    (plane) => (plane.reduce((sum, value) => sum + value, 0) / pixels) * scale,
  );
  const colour = {
    channels,
    scale,
    mean: [first, second, third] as const,
    std,
    resize,
    size,
    filter,
    centre,
  };
  if (shape.length === 1) return colour;
  const meanImage = new Float32Array(data.length);
  planes.forEach((plane, at) => {
    meanImage.set(
      plane.map((value) => value * scale),
      at * pixels,
    );
  });
  return { ...colour, meanImage };
}
