/** The compiled resize kernels and their memory: one instance for a thread, made when the first image comes. */
import { readFileSync } from "node:fs";
import type { Pixels } from "./pixels.js";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** See lib/images/kernels for what is where in the memory. */
  readonly opencv: (...parameters: readonly number[]) => void;
  readonly pil_across: (...parameters: readonly number[]) => void;
  readonly pil_down: (...parameters: readonly number[]) => void;
}

const PAGE = 65_536;
/** What the kernels read and write beyond the end of what they are given, at most. */
const BEYOND = 32;
/** A memory that one large image made larger than this is let go after it. */
const KEPT_BYTES = 8 * 2 ** 20;
/** Source rows come in bands of about this size, which the second level cache holds. */
const BAND_BYTES = 256 * 1024;

let compiled: WebAssembly.Module | undefined;
let instance: Exports | undefined;

/** Places in the kernels' memory, one behind the other. */
export class Layout {
  bytes = 0;

  take(bytes: number): number {
    const at = this.bytes;
    this.bytes = Math.ceil((at + bytes + BEYOND) / 16) * 16;
    return at;
  }
}

/**
 * The kernels with memory for a layout; what is in it is left over from the image before.
 * @throws RangeError where there is not as much memory.
 */
export function withKernels<T>({ bytes }: Layout, use: (kernels: Exports, memory: Uint8Array) => T): T {
  instance ??= instantiate();
  const { memory } = instance;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  try {
    return use(instance, new Uint8Array(memory.buffer));
  } finally {
    // a memory cannot be made smaller
    if (memory.buffer.byteLength > KEPT_BYTES) instance = undefined;
  }
}

/** Source rows that are in the memory at a time: at least two, which an output may lie between. */
export const bandRows = ({ width, height }: Pixels): number =>
  Math.min(height, Math.max(2, Math.floor(BAND_BYTES / (width * 3))));

/** Copies source rows into the memory. */
export function copyRows(image: Pixels, row: number, rows: number, memory: Uint8Array, at: number): void {
  const bytes = image.width * 3;
  memory.set(image.data.subarray(row * bytes, (row + rows) * bytes), at);
}

/** At once, since who resizes does not wait: the file is small. */
function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("kernels/resize.wasm", import.meta.url)));
  return new WebAssembly.Instance(compiled).exports as Exports & Record<string, unknown>;
}
