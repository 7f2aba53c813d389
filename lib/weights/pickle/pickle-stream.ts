/** Pickles and numbers, one behind the other in a part of a file. */
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile } from "../file.js";
import { WindowedFile } from "../windowed.js";
import { readPickle, type Pickled } from "./pickle.js";

export interface StreamPart {
  /** What it is, for messages. */
  readonly what: string;
  /** Bytes from the start of the file to its first byte. */
  readonly start: number;
  readonly size: number;
}

export class PickleStream {
  readonly #file: OpenFile;
  readonly #part: StreamPart;
  /** Bytes of the part that are read. */
  #done = 0;

  constructor(
    /** The file, for messages. */
    readonly source: string,
    file: OpenFile,
    part: StreamPart,
  ) {
    this.#file = new WindowedFile(file, part.start + part.size);
    this.#part = part;
  }

  /** Bytes from the start of the file to what is read next. */
  get offset(): number {
    return this.#part.start + this.#done;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#part.size - this.#done;
  }

  /**
   * The next pickle.
   * @param most bytes that it may have
   * @throws AlexNetError WEIGHTS_INVALID naming the byte of the opcode that is wrong or refused.
   */
  async pickle(most: number, globals: ReadonlySet<string>): Promise<Pickled> {
    const { what: member } = this.#part;
    const bytes = new Uint8Array(Math.min(most, this.left));
    await this.#file.read(this.offset, bytes);
    const part = { from: this.#done, goesOn: bytes.length < this.left };
    const pickled = readPickle({ source: this.source, member, bytes, start: 0, globals, part });
    this.#done += pickled.end;
    return pickled;
  }

  /** The next `length` bytes. */
  async bytes(length: number): Promise<Buffer> {
    const { offset } = this;
    this.skip(length);
    const bytes = Buffer.alloc(length);
    await this.#file.read(offset, bytes);
    return bytes;
  }

  /** The next integer of 64 bits, little-endian; one past the safe integers is rounded, and stays past them. */
  async integer(): Promise<number> {
    return Number((await this.bytes(8)).readBigInt64LE());
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    if (length > this.left)
      throw weightsErrors.broken(
        this.source,
        `${this.#part.what} byte ${this.#done}`,
        `needs ${length} bytes, ${this.left} are left`,
      );
    this.#done += length;
  }

  /** @throws AlexNetError WEIGHTS_INVALID where bytes are left. */
  finish(): void {
    if (this.left > 0)
      throw weightsErrors.broken(
        this.source,
        this.#part.what,
        `goes on behind its end at byte ${this.#done}`,
      );
  }
}
