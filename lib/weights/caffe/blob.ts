/**
 * Caffe's arrays (BlobProto of caffe.proto): dimensions, either four of their own (num, channels, height, width, all
 * that there was until 2014) or a shape, and numbers, which stay in the file. Differences are passed over.
 */
import type { Shape } from "../../network/layers.js";
import { elementsOf } from "../../network/shapes.js";
import { BYTES_PER_ELEMENT } from "../numbers.js";
import type { Message } from "../protobuf/message.js";
import type { WireField } from "../protobuf/wire.js";
import type { StoredRun, StoredTensor } from "../stored.js";

const FIELD = { dims: [1, 2, 3, 4], data: 5, shape: 7, double: 8 } as const;
/** Of a BlobShape. */
const DIM = 1;
/** Axes, and elements of a blob, that Caffe has at most. */
const MOST_AXES = 32;
const MOST_ELEMENTS = 2 ** 31 - 1;
/** Pieces of a blob's numbers, each of which is read by itself; writers make one. */
const MOST_RUNS = 256;

/** A blob without a name. */
export type Blob = Omit<StoredTensor, "name">;

/**
 * Reads where a blob's numbers are, and its shape: the four dimensions where any is there, even beside a shape, and
 * doubles where any is there, as Caffe does.
 * @throws AlexNetError WEIGHTS_INVALID where they do not belong together.
 */
export async function readBlob(blob: Message): Promise<Blob> {
  const shape = await shapeOf(blob);
  const doubles = runsOf(blob, FIELD.double, 8);
  const [dtype, runs] =
    doubles.length > 0 ? (["F64", doubles] as const) : (["F32", runsOf(blob, FIELD.data, 4)] as const);
  if (runs.length > MOST_RUNS)
    throw blob.brokenAt("its data", `is in ${runs.length} pieces; it must be at most ${MOST_RUNS}`);
  const elements = elementsOf(shape);
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  if (count !== elements)
    throw blob.brokenAt(
      "its data",
      `has ${count} numbers; it must be ${elements}, as its dimensions ${shape.join(" x ") || "(none)"} say`,
    );
  const [{ offset, step }] = runs;
  const whole = runs.length === 1 && step === BYTES_PER_ELEMENT[dtype];
  return { shape, dtype, offset, ...(!whole && { runs }) };
}

async function shapeOf(blob: Message): Promise<Shape> {
  const legacy = FIELD.dims.some((number) => blob.has(number));
  const message = legacy ? undefined : await blob.message(FIELD.shape, `${blob.what}: shape`);
  if (!legacy && message === undefined) throw blob.brokenAt("its dimensions", "are missing");
  const shape = message
    ? await message.integers(DIM, MOST_AXES)
    : FIELD.dims.map((number) => blob.integer(number) ?? 0);
  const wrong = shape.find((size) => size < 1);
  if (wrong !== undefined)
    throw blob.brokenAt("its dimensions", `are ${shape.join(" x ")}; each must be a whole number from 1`);
  if (elementsOf(shape) > MOST_ELEMENTS)
    throw blob.brokenAt(
      "its dimensions",
      `are ${shape.join(" x ")}, more than ${MOST_ELEMENTS} elements together`,
    );
  return shape;
}

/** Packed numbers may come in several chunks, and between numbers that each have a tag. */
function runsOf(blob: Message, number: number, size: 4 | 8): StoredRun[] {
  const unpacked = size === 4 ? 5 : 1;
  return blob.all(number, 2, unpacked).flatMap((field) => {
    const { start, count, step } = field.wire === 2 ? packed(blob, field, size) : field;
    return count === 0 ? [] : [{ offset: start, count, step }];
  });
}

function packed(blob: Message, field: WireField, size: number) {
  const { start, end } = field;
  const count = (end - start) / size;
  if (!Number.isInteger(count))
    throw blob.brokenAt(field, `has ${end - start} bytes; it must be a multiple of ${size}`);
  return { start, count, step: size };
}

/** Without leading axes of one, as long as there are more than `rank`: a bias of before 2015 is 1 x 1 x 1 x N. */
export function withRank(shape: Shape, rank: number): Shape {
  const wanted = shape.findIndex((size, axis) => size !== 1 || shape.length - axis <= rank);
  return wanted > 0 ? shape.slice(wanted) : shape;
}
