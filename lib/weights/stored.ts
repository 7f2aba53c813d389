/** Tensors that lie in a file as arrays of numbers: all that the readers of formats have to find. */
import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import type { OpenFile, WeightFile } from "./file.js";
import { BYTES_PER_ELEMENT, bytesOf, toFloat32 } from "./numbers.js";
import { checkedReader } from "./reader.js";
import { gather, isRowMajor, spanOf, type Strides } from "./strided.js";
import type { Purpose, TensorInfo, Weights } from "./weights.js";

export interface StoredTensor extends TensorInfo {
  /** Bytes from the start of the file, or of `held`, to element [0, ..., 0]. */
  readonly offset: number;
  /** Elements, positive; without it the elements are in row-major order without gaps. One for each axis of `axes`. */
  readonly strides?: Strides;
  /**
   * The axes that `strides` steps along, where they are finer than those of `shape`: in row-major order they name the
   * same elements ([4096, 256, 6, 6] for a shape of [4096, 9216]).
   */
  readonly axes?: Shape;
  /** Every value is multiplied by this. */
  readonly factor?: number;
  /** Bytes that had to be unpacked, in place of the file's; `offset` is a multiple of the element's size then. */
  readonly held?: Uint8Array;
}

/** What a reader of a format finds: every tensor checked to lie inside the file. */
export interface FileContents extends Purpose {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Bytes that are converted at a time; a multiple of every element's size. */
const CHUNK = 1 << 20;

export function fileWeights(file: WeightFile, format: string, contents: FileContents): Weights {
  const { tensors } = contents;
  return {
    ...contents,
    source: file.source,
    format,
    tensors: new Map([...tensors].map(([name, { shape, dtype }]) => [name, { name, shape, dtype }])),
    stream: (consume) =>
      file.use((opened) => consume(checkedReader(file.source, tensors, storedFiller(opened)))),
  };
}

function storedFiller(
  file: OpenFile,
): (tensor: StoredTensor, start: number, out: Float32Array) => Promise<void> {
  // One tensor that is not in row-major order is kept whole, since rows of it touch all of its bytes.
  let whole: { readonly of: StoredTensor; readonly values: Promise<Float32Array> } | undefined;
  return async (tensor, start, out) => {
    const { strides, shape, axes = shape, factor = 1 } = tensor;
    if (strides === undefined || isRowMajor(axes, strides)) await readRun(file, tensor, start, out);
    else {
      if (whole?.of !== tensor) whole = { of: tensor, values: readSpan(file, tensor, axes, strides) };
      gather(await whole.values, 0, axes, strides, start, out);
    }
    if (factor !== 1) for (let i = 0; i < out.length; i++) out[i] *= factor;
  };
}

async function readSpan(
  file: OpenFile,
  tensor: StoredTensor,
  axes: Shape,
  strides: Strides,
): Promise<Float32Array> {
  const values = new Float32Array(spanOf(axes, strides));
  await readRun(file, tensor, 0, values);
  return values;
}

/** Reads elements that follow each other in the file. */
async function readRun(
  file: OpenFile,
  tensor: StoredTensor,
  start: number,
  out: Float32Array,
): Promise<void> {
  const size = BYTES_PER_ELEMENT[tensor.dtype];
  const offset = tensor.offset + start * size;
  if (tensor.held) {
    toFloat32(tensor.dtype, tensor.held.subarray(offset, offset + out.length * size), out);
    return;
  }
  if (tensor.dtype === "F32") {
    await file.read(offset, bytesOf(out)); // the file's bytes are what `out` wants: no copy
    return;
  }
  const step = CHUNK / size;
  const chunk = new Uint8Array(Math.min(CHUNK, out.length * size));
  for (let done = 0; done < out.length; done += step) {
    const part = out.subarray(done, done + step);
    const bytes = chunk.subarray(0, part.length * size);
    await file.read(offset + done * size, bytes);
    toFloat32(tensor.dtype, bytes, part);
  }
}

/** Elements of all tensors together. */
export const totalElements = (tensors: Iterable<TensorInfo>): number =>
  [...tensors].reduce((total, { shape }) => total + elementsOf(shape), 0);
