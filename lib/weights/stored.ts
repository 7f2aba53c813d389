/** Tensors that lie in a file as arrays of numbers: all that the readers of formats have to find. */
import type { Shape } from "../network/layers.js";
import { Bands } from "./bands.js";
import { CheckedFile, type Checksum } from "./checksums.js";
import { checkedColumns, columnOrder } from "./columns.js";
import type { OpenFile, WeightFile } from "./file.js";
import { BYTES_PER_ELEMENT, bytesOf, toFloat32 } from "./numbers.js";
import { checkedReader } from "./reader.js";
import { isRowMajor, type Strides } from "./strided.js";
import type { DType, Purpose, TensorInfo, Weights } from "./weights.js";

/** Elements of 4 or 8 bytes that lie in a file at even distances. */
export interface StoredRun {
  /** Bytes from the start of the file to the first one. */
  readonly offset: number;
  /** Elements. */
  readonly count: number;
  /** Bytes from one element to the next, at least the size of one. */
  readonly step: number;
}

export interface StoredTensor extends TensorInfo {
  /** Bytes from the start of the file, or of `held`, to element [0, ..., 0]. */
  readonly offset: number;
  /**
   * Where the elements lie, in row-major order, one run after the other; without it they are one run from `offset` on,
   * without gaps. Not together with `held`.
   */
  readonly runs?: readonly StoredRun[];
  /** Elements, positive; without it the elements are in row-major order without gaps. One for each axis of `axes`. */
  readonly strides?: Strides;
  /**
   * The axes that `strides` steps along, where they are finer than those of `shape`: in row-major order they name the
   * same elements ([4096, 256, 6, 6] for a shape of [4096, 9216]).
   */
  readonly axes?: Shape;
  /** Every value is multiplied by this. */
  readonly factor?: number;
  /** The file with its bytes, where it is not the one that was loaded. */
  readonly file?: WeightFile;
  /** Bytes that had to be unpacked, in place of the file's. */
  readonly held?: Uint8Array;
  /** Makes the bytes that stand in place of the file's, each time that they are read; as `held` else. */
  readonly unpack?: (file: OpenFile) => Promise<Uint8Array>;
}

/** What a reader of a format finds: every tensor checked to lie inside the file. */
export interface FileContents extends Purpose {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Bytes to which packed members unpack, beside the file's own. */
  readonly unpackedBytes?: number;
  /** Of parts of the file that do not overlap: those that are read are checked by the end of the stream. */
  readonly checksums?: readonly Checksum[];
}

/** Bytes that are converted at a time; a multiple of every element's size. */
const CHUNK = 1 << 20;

export function fileWeights(file: WeightFile, format: string, contents: FileContents): Weights {
  const { tensors, checksums = [], network, preprocessing, labels } = contents;
  return {
    ...(network && { network }),
    ...(preprocessing && { preprocessing }),
    ...(labels && { labels }),
    source: file.source,
    format,
    tensors: new Map([...tensors].map(([name, { shape, dtype }]) => [name, { name, shape, dtype }])),
    stream: (consume) => {
      const files = [...new Set([file, ...[...tensors.values()].map((tensor) => tensor.file ?? file)])];
      return useAll(files, async (opened) => {
        const checked = new CheckedFile(file.source, opened(file), checksums);
        const { inRows, asTheyLie } = storedFillers(({ file: other }) => (other ? opened(other) : checked));
        const columns = checkedColumns(file.source, tensors, columnsOf, asTheyLie);
        const result = await consume(checkedReader(file.source, tensors, inRows), columns);
        await checked.finish();
        return result;
      });
    },
  };
}

/** Opens all files, and closes them whatever happens. */
const useAll = <T>(
  [first, ...rest]: readonly WeightFile[],
  use: (opened: (file: WeightFile) => OpenFile) => Promise<T>,
): Promise<T> =>
  first.use((opened) =>
    rest.length === 0
      ? use(() => opened)
      : useAll(rest, (others) => use((file) => (file === first ? opened : others(file)))),
  );

type Fill = (tensor: StoredTensor, start: number, out: Float32Array) => Promise<void>;

interface Fillers {
  /** Elements of the row-major order. */
  readonly inRows: Fill;
  /** Elements in the order in which they lie. */
  readonly asTheyLie: Fill;
}

function storedFillers(fileOf: (tensor: StoredTensor) => OpenFile): Fillers {
  const bands = new Bands();
  const unpacked = new LastUnpacked();
  /** Once for all that is read of a tensor in one go: what is unpacked may give way to another tensor's afterwards. */
  const bytesFor = async (tensor: StoredTensor): Promise<OpenFile> => {
    const { held, unpack } = tensor;
    const file = fileOf(tensor);
    if (held) return inMemory(held);
    return unpack ? inMemory(await unpacked.of(tensor, () => unpack(file))) : file;
  };
  const asTheyLie: Fill = async (tensor, start, out) => {
    await readScaled(await bytesFor(tensor), tensor, start, out);
  };
  const inRows: Fill = async (tensor, start, out) => {
    const { strides, shape, axes = shape } = tensor;
    const bytes = await bytesFor(tensor);
    if (strides === undefined || isRowMajor(axes, strides)) await readScaled(bytes, tensor, start, out);
    else {
      const read = (from: number, run: Float32Array) => readScaled(bytes, tensor, from, run);
      await bands.fill(tensor, { shape: axes, strides, read }, start, out);
    }
  };
  return { inRows, asTheyLie };
}

const columnsOf = ({ shape, axes = shape, strides }: StoredTensor): Int32Array | undefined =>
  strides && axes[0] === shape[0] ? columnOrder(axes, strides) : undefined;

/** What is unpacked stays for the next read: of two tensors, since a layer's biases are read amid its weights. */
class LastUnpacked {
  readonly #kept = new Map<StoredTensor, Promise<Uint8Array>>();

  of(tensor: StoredTensor, unpack: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const found = this.#kept.get(tensor);
    this.#kept.delete(tensor);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > 1) this.#kept.delete(oldest);
    const bytes = found ?? unpack();
    this.#kept.set(tensor, bytes);
    return bytes;
  }
}

const inMemory = (bytes: Uint8Array): OpenFile => ({
  read: (offset, target) => {
    target.set(bytes.subarray(offset, offset + target.length));
    return Promise.resolve();
  },
});

/** Reads elements that follow each other in the file, times the tensor's factor. */
async function readScaled(
  file: OpenFile,
  tensor: StoredTensor,
  start: number,
  out: Float32Array,
): Promise<void> {
  await readRun(file, tensor, start, out);
  const { factor = 1 } = tensor;
  if (factor !== 1) for (let i = 0; i < out.length; i++) out[i] *= factor;
}

/** Reads elements that follow each other in the file. */
async function readRun(
  file: OpenFile,
  tensor: StoredTensor,
  start: number,
  out: Float32Array,
): Promise<void> {
  const { dtype, runs } = tensor;
  const size = BYTES_PER_ELEMENT[dtype];
  const offset = tensor.offset + start * size;
  if (runs === undefined) {
    await readEvenly(file, dtype, offset, size, out);
    return;
  }
  let first = 0;
  for (const run of runs) {
    const from = Math.max(start, first);
    const to = Math.min(start + out.length, first + run.count);
    const part = from < to ? out.subarray(from - start, to - start) : undefined;
    if (part) await readEvenly(file, dtype, run.offset + (from - first) * run.step, run.step, part);
    first += run.count;
  }
}

/** Reads elements that are `step` bytes from each other. */
async function readEvenly(
  file: OpenFile,
  dtype: DType,
  offset: number,
  step: number,
  out: Float32Array,
): Promise<void> {
  const size = BYTES_PER_ELEMENT[dtype];
  if (dtype === "F32" && step === size) {
    await file.read(offset, bytesOf(out)); // the file's bytes are what `out` wants: no copy
    return;
  }
  const most = Math.floor(CHUNK / step);
  const chunk = new Uint8Array(Math.min(most, out.length) * step);
  for (let done = 0; done < out.length; done += most) {
    const part = out.subarray(done, done + most);
    const bytes = chunk.subarray(0, (part.length - 1) * step + size);
    await file.read(offset + done * step, bytes);
    if (step > size) closeGaps(bytes, size, step, part.length);
    toFloat32(dtype, bytes.subarray(0, part.length * size), part);
  }
}

/** Moves elements that are `step` bytes from each other to the front, one behind the other: of 4 bytes or of 8. */
function closeGaps(bytes: Uint8Array, size: number, step: number, count: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 1; i < count; i++)
    for (let word = 0; word < size; word += 4)
      view.setUint32(i * size + word, view.getUint32(i * step + word));
}
