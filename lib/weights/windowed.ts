import type { OpenFile } from "./file.js";

/** Bytes that are read at a time. */
const WINDOW = 1 << 16;

/** A file of which many small parts are read, mostly forward: each comes out of a window, larger ones are read as they are. */
export class WindowedFile implements OpenFile {
  #window = new Uint8Array(0);
  /** Bytes from the start of the file to the window. */
  #from = 0;

  /** @param end bytes from the start of the file to behind what may be read */
  constructor(
    private readonly file: OpenFile,
    private readonly end: number,
  ) {}

  async read(offset: number, target: Uint8Array): Promise<void> {
    if (target.length >= WINDOW) {
      await this.file.read(offset, target);
      return;
    }
    if (offset < this.#from || offset + target.length > this.#from + this.#window.length) {
      // never less than is wanted, so that what lies past the end is told by the file
      const window = new Uint8Array(Math.max(target.length, Math.min(WINDOW, this.end - offset)));
      await this.file.read(offset, window);
      this.#window = window;
      this.#from = offset;
    }
    target.set(this.#window.subarray(offset - this.#from, offset - this.#from + target.length));
  }
}
