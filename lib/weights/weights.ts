/**
 * What every reader of a weight file gives, and what the engine takes: parameter tensors by name in the one
 * logical layout, and what the file says about their use. A file's bytes are read only while they stream.
 */
import type { Network, Shape } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";

/** Numbers as they stand in a file; all are read as float32. */
export type DType = "F32" | "F16" | "BF16" | "F64";

export interface TensorInfo {
  /** "LAYER.weight" or "LAYER.bias" once the names are mapped; the file's own key where no map is known. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Reads `out.length` elements of a tensor, from element `start` of its row-major order, as float32. `out` may lie
 * on shared memory. Reads of one stream may overlap in time.
 * @throws AlexNetError WEIGHTS_INVALID where a value is NaN or infinite, WEIGHTS_UNREADABLE where the file ends
 * early, WEIGHTS_MISMATCH for a name or a range that the tensor does not have.
 */
export type ReadTensor = (name: string, start: number, out: Float32Array) => Promise<void>;

/** For tensors [out, in] that their source holds column by column: so they are read once, without reordering. */
export interface ColumnReader {
  /** The columns in the source's order; undefined for a tensor that it holds in another way, or does not have. */
  order(name: string): Int32Array | undefined;
  /**
   * Reads whole columns, of `out` elements each, from the one at `first` of that order on.
   * @throws AlexNetError as `ReadTensor` does, WEIGHTS_MISMATCH for a tensor without such an order, too.
   */
  read(name: string, first: number, out: Float32Array): Promise<void>;
}

/** What a source may tell about the use of its tensors. */
export interface Purpose {
  /** Where the file tells it, or where only one published form has its names and shapes. */
  readonly network?: Network;
  /** Where the file tells it, or else that of the published form. */
  readonly preprocessing?: Preprocessing;
  /** Class names by index, where the file has them. */
  readonly labels?: readonly string[];
}

export interface Weights extends Purpose {
  /** The file, or what stands for it in messages. */
  readonly source: string;
  /** "safetensors", "torch-zip", "memory", "init" ... */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Opens the source, lets `consume` read as much as it wants, and closes it whatever happens. Whoever gets `columns`
   * may read by them instead.
   * @throws AlexNetError WEIGHTS_UNREADABLE where the file is gone, or its size or time changed since it was loaded.
   */
  stream<T>(consume: (read: ReadTensor, columns?: ColumnReader) => Promise<T>): Promise<T>;
}
