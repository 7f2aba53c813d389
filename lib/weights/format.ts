import type { WeightFile } from "./file.js";
import type { FileContents } from "./stored.js";

export interface ReadOptions {
  /** Whether tensors may lie in files beside the one that is read, as ONNX's may; not where missing. */
  readonly externalData?: boolean;
}

/** One kind of weight file. */
export interface WeightFormat {
  readonly name: string;
  /** Whether a file that starts with `head` (up to HEAD_BYTES) is of this kind. */
  matches(head: Uint8Array): boolean;
  /** @throws AlexNetError WEIGHTS_INVALID or WEIGHTS_UNREADABLE. */
  read(file: WeightFile, options: ReadOptions): Promise<FileContents>;
}
