/** Whole files of data, packed with gzip or not, whose size is known before memory is taken for them. */
import { createReadStream } from "node:fs";
import { open, readFile, stat, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { AlexNetError } from "../../errors/base.js";
import { dataErrors } from "../../errors/data.js";

/** Bytes, unpacked. MNIST's and CIFAR-10's largest files have 47 and 31 million. */
export const LARGEST_FILE = 2 ** 31;
/** Deflate makes at most 258 bytes of two bits (RFC 1951): a file that promises more was not packed from it. */
const MOST_UNPACKED = 1032;
const GZIP = [0x1f, 0x8b];

/** What a file must have: bytes in all, computed from its first ones, which it checks. */
export interface Layout {
  /** Bytes. */
  readonly head: number;
  /** @throws AlexNetError naming the field of the head that is wrong. */
  total(head: Uint8Array): number;
}

/**
 * A file's bytes, unpacked where it begins as gzip does.
 * @throws AlexNetError DATA_UNREADABLE; DATA_INVALID where it is larger or smaller than its head says, or cannot be
 * unpacked.
 */
export async function readDataFile(path: string, layout: Layout): Promise<Uint8Array> {
  const { size, head } = await lookAt(path, layout.head);
  if (head[0] === GZIP[0] && head[1] === GZIP[1]) return unpack(path, size, layout);
  if (head.length < layout.head) throw dataErrors.shorterThanHead(path, head.length, layout.head);
  const total = layout.total(head);
  checkTotal(path, total);
  if (size !== total)
    throw dataErrors.field(path, "the file's size (bytes)", size, `${total}, as its head says`);
  return readWhole(path);
}

/**
 * A file's bytes, whatever they are.
 * @throws AlexNetError DATA_UNREADABLE; DATA_INVALID where it has more than `most` bytes.
 */
export async function readBounded(path: string, most: number): Promise<Uint8Array> {
  const { size } = await lookAt(path, 0);
  if (size > most) throw dataErrors.field(path, "the file's size (bytes)", size, `at most ${most}`);
  return readWhole(path);
}

/** The file's size, and its first bytes or what there is of them. */
async function lookAt(path: string, bytes: number): Promise<{ size: number; head: Uint8Array }> {
  return reading(path, async () => {
    // before it is opened: a named pipe would wait for a writer
    const entry = await stat(path);
    if (!entry.isFile()) throw dataErrors.notAFile(path);
    const file = await open(path);
    try {
      return { size: entry.size, head: await readHead(file, bytes) };
    } finally {
      await file.close();
    }
  });
}

async function readHead(file: FileHandle, bytes: number): Promise<Uint8Array> {
  const head = new Uint8Array(bytes);
  const { bytesRead } = await file.read(head, 0, bytes, 0);
  return head.subarray(0, bytesRead);
}

const readWhole = (path: string): Promise<Uint8Array> => reading(path, () => readFile(path));

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AlexNetError) throw error;
    throw dataErrors.unreadable(path, error);
  }
}

function checkTotal(path: string, total: number): void {
  if (total > LARGEST_FILE) throw dataErrors.tooLarge(path, total, LARGEST_FILE);
}

async function unpack(path: string, packed: number, layout: Layout): Promise<Uint8Array> {
  const unpacked = new Unpacked(path, packed, layout);
  // the pipeline's own error may be that it was left
  let refusal: unknown;
  try {
    await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Uint8Array>) => {
      try {
        for await (const chunk of chunks) unpacked.add(chunk);
      } catch (error) {
        refusal = error;
        throw error;
      }
    });
  } catch (error) {
    if (refusal instanceof AlexNetError) throw refusal;
    throw dataErrors.unpackable(path, error);
  }
  return unpacked.whole();
}

/** Bytes as they come out: memory for all is taken when the head is there and its size is one that can be true. */
class Unpacked {
  readonly #path: string;
  readonly #packed: number;
  readonly #layout: Layout;
  #bytes: Uint8Array;
  #filled = 0;
  #total: number | undefined;

  constructor(path: string, packed: number, layout: Layout) {
    this.#path = path;
    this.#packed = packed;
    this.#layout = layout;
    this.#bytes = new Uint8Array(layout.head);
  }

  add(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#total === undefined) {
      rest = this.#fill(rest);
      if (this.#filled < this.#layout.head) return;
      this.#total = this.#checkedTotal();
      const head = this.#bytes;
      this.#bytes = new Uint8Array(this.#total);
      this.#bytes.set(head);
    }
    rest = this.#fill(rest);
    // told at once: what would still come may be without end
    if (rest.length > 0)
      throw dataErrors.field(
        this.#path,
        "the unpacked size (bytes)",
        `more than ${this.#total}`,
        `${this.#total}, as its head says`,
      );
  }

  whole(): Uint8Array {
    if (this.#total === undefined)
      throw dataErrors.shorterThanHead(this.#path, this.#filled, this.#layout.head);
    if (this.#filled < this.#total)
      throw dataErrors.field(
        this.#path,
        "the unpacked size (bytes)",
        this.#filled,
        `${this.#total}, as its head says`,
      );
    return this.#bytes;
  }

  #checkedTotal(): number {
    const total = this.#layout.total(this.#bytes);
    checkTotal(this.#path, total);
    const most = this.#packed * MOST_UNPACKED;
    if (total > most)
      throw dataErrors.field(
        this.#path,
        "the unpacked size that its head says (bytes)",
        total,
        `at most ${most}, which is what ${this.#packed} bytes of gzip can hold`,
      );
    return total;
  }

  /** Takes what there is room for and gives the rest. */
  #fill(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#bytes.length - this.#filled);
    this.#bytes.set(taken, this.#filled);
    this.#filled += taken.length;
    return chunk.subarray(taken.length);
  }
}
