import type { OpenFile, WeightFile } from "../file.js";

/** Bytes of a read that is small, and of what is read in its place. */
const SMALL = 1 << 10;
const WINDOW = 1 << 14;

/** The same file, whose small reads are served in passing: a graph has hundreds of names, one behind the other. */
export class SmallReads implements OpenFile {
  #window = new Uint8Array(0);
  /** Byte offset of the window in the file. */
  #from = 0;

  constructor(
    private readonly file: WeightFile,
    private readonly opened: OpenFile,
  ) {}

  async read(offset: number, target: Uint8Array): Promise<void> {
    const end = offset + target.length;
    // one past the end is told by the file itself
    if (target.length > SMALL || end > this.file.size) return this.opened.read(offset, target);
    if (offset < this.#from || end > this.#from + this.#window.length) {
      const window = new Uint8Array(Math.min(WINDOW, this.file.size - offset));
      await this.opened.read(offset, window);
      this.#window = window;
      this.#from = offset;
    }
    target.set(this.#window.subarray(offset - this.#from, end - this.#from));
  }
}
