/** Byte regions of the one shared memory, one behind the other, each on a cache line of its own. */
export interface Region {
  readonly name: string;
  readonly kind:
    | "control"
    | "steps"
    | "scratch"
    | "transforms"
    | "expanded"
    | "activation"
    | "weights"
    | "bias"
    | "gradient"
    | "velocity"
    | "filters"
    | "labels";
  /** Byte address and size. */
  readonly offset: number;
  readonly bytes: number;
}

const PAGE = 65536;
/** 65,536 pages, the most that a 32-bit WebAssembly memory can have. */
export const MEMORY_LIMIT = PAGE * 65536;
/** A cache line: no two threads write into one. */
const ALIGN = 64;
/** The first page belongs to the constants of the compiled kernels. */
const FIRST = PAGE;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/** Takes a region of so many bytes; its byte address. */
export type Take = (name: string, kind: Region["kind"], bytes: number) => number;

export class Regions {
  readonly list: Region[] = [];
  #end = FIRST;

  readonly take: Take = (name, kind, bytes) => {
    const offset = this.#end;
    this.list.push({ name, kind, offset, bytes });
    this.#end += align(bytes);
    return offset;
  };

  /** Of the whole memory, in bytes: whole pages. */
  get bytes(): number {
    return Math.ceil(this.#end / PAGE) * PAGE;
  }
}
