/** Tensors that lie in a file as arrays of numbers: all that the readers of formats have to find. */
import { elementsOf } from "../network/shapes.js";
import type { OpenFile, WeightFile } from "./file.js";
import { BYTES_PER_ELEMENT, bytesOf, toFloat32 } from "./numbers.js";
import { checkedReader } from "./reader.js";
import { gather, isRowMajor, spanOf, type Strides } from "./strided.js";
import type { Purpose, TensorInfo, Weights } from "./weights.js";

export interface StoredTensor extends TensorInfo {
  /** Bytes from the start of the file to element [0, ..., 0]. */
  readonly offset: number;
  /** Elements, positive; without it the elements are in row-major order without gaps. */
  readonly strides?: Strides;
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
    if (tensor.strides === undefined || isRowMajor(tensor.shape, tensor.strides)) {
      await readRun(file, tensor, start, out);
      return;
    }
    if (whole?.of !== tensor) whole = { of: tensor, values: readSpan(file, tensor, tensor.strides) };
    gather(await whole.values, 0, tensor.shape, tensor.strides, start, out);
  };
}

async function readSpan(file: OpenFile, tensor: StoredTensor, strides: Strides): Promise<Float32Array> {
  const values = new Float32Array(spanOf(tensor.shape, strides));
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
