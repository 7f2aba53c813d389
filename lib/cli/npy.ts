/** A .npy file (version 1.0) whose rows come one batch after another. */
import { endianness } from "node:os";
import { WholeFile } from "./whole-file.js";

const MAGIC = Buffer.from("\x93NUMPY\x01\x00", "latin1");
/** Where the numbers start is a multiple of this, so that the file can be mapped (numpy.lib.format). */
const ALIGNMENT = 64;

/**
 * The header of a float32 array in C order. Its length is that for `most` rows, so that the number of rows can be
 * written over later.
 */
export function npyHeader(rows: number, row: readonly number[], most: number): Buffer {
  const descr = `${endianness() === "LE" ? "<" : ">"}f4`;
  const textFor = (count: number) =>
    `{'descr': '${descr}', 'fortran_order': False, 'shape': (${[count, ...row].join(", ")}${row.length === 0 ? "," : ""}), }`;
  const unpadded = MAGIC.length + 2 + textFor(most).length + 1;
  const length = Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT - MAGIC.length - 2;
  const sized = Buffer.alloc(2);
  sized.writeUInt16LE(length);
  return Buffer.concat([MAGIC, sized, Buffer.from(`${textFor(rows).padEnd(length - 1)}\n`, "latin1")]);
}

export class NpyWriter {
  readonly #file: WholeFile;
  readonly #row: readonly number[];
  readonly #most: number;
  #rows = 0;

  private constructor(file: WholeFile, row: readonly number[], most: number) {
    this.#file = file;
    this.#row = row;
    this.#most = most;
  }

  /**
   * @param row the shape of a row.
   * @param most rows that may come.
   */
  static async create(path: string, row: readonly number[], most: number): Promise<NpyWriter> {
    const writer = new NpyWriter(await WholeFile.create(path), row, most);
    try {
      await writer.#file.write(npyHeader(0, row, most));
      return writer;
    } catch (error) {
      await writer.discard();
      throw error;
    }
  }

  /** Whole rows, one behind the other. */
  async write(rows: number, values: Float32Array): Promise<void> {
    await this.#file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#rows += rows;
  }

  /** Completes the file; it appears with `publish`. */
  async close(): Promise<void> {
    await this.#file.write(npyHeader(this.#rows, this.#row, this.#most), 0);
    await this.#file.close();
  }

  publish(): Promise<void> {
    return this.#file.publish();
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}
