/**
 * The header of a .npy file (numpy/lib/format.py): "\x93NUMPY", two bytes of version, the header's length, and the
 * header, a Python dict of descr, fortran_order and shape. It is read by a grammar and never evaluated.
 */
import { isUtf8 } from "node:buffer";
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";

export interface NpyHeader {
  /** What an element is: "<f4", "|O". */
  readonly descr: string;
  /** Whether the first axis runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  /** Bytes from the start to the data. */
  readonly dataOffset: number;
}

/** Characters; NumPy itself reads no longer one. */
const LONGEST_HEADER = 10_000;
/** Bytes that hold the whole header of every file that is read. */
export const NPY_HEAD_BYTES = 12 + LONGEST_HEADER;
const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** Whether a file that starts so is a .npy. */
export const isNpy = (head: Uint8Array): boolean => Buffer.from(head.subarray(0, MAGIC.length)).equals(MAGIC);

const LARGEST_RANK = 8;

const SPACE = /[ \t\r\n\f]*/y;
const STRING = /'[^'"\\\n]*'|"[^'"\\\n]*"/y;
const WORD = /True|False/y;
// Python 2 may have written a size as a long
const SIZE = /\d{1,16}L?/y;

/**
 * @param source the file, for messages
 * @param bytes its start, up to NPY_HEAD_BYTES
 * @throws AlexNetError WEIGHTS_INVALID naming the byte or the field.
 */
export function parseNpyHeader(source: string, bytes: Uint8Array): NpyHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isNpy(view)) throw weightsErrors.broken(source, "the .npy header", 'does not start with "\\x93NUMPY"');
  if (view.length < 12)
    throw weightsErrors.broken(source, "the .npy header", `ends after ${view.length} bytes`);
  const [major, minor] = [view[6], view[7]];
  if (major < 1 || major > 3 || minor !== 0)
    throw weightsErrors.refused(
      source,
      "the .npy header",
      `is of version ${major}.${minor}, not 1.0 to 3.0`,
      "save it with NumPy's save",
    );
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.readUInt16LE(8) : view.readUInt32LE(8);
  if (length > LONGEST_HEADER)
    throw weightsErrors.field(source, "the .npy header's length", length, `at most ${LONGEST_HEADER}`);
  const text = view.subarray(start, start + length);
  if (text.length < length)
    throw weightsErrors.broken(source, "the .npy header", `needs ${length} bytes, ${text.length} are left`);
  if (major === 3 && !isUtf8(text)) throw weightsErrors.broken(source, "the .npy header", "is not UTF-8");
  const fields = new HeaderText(source, text.toString(major === 3 ? "utf8" : "latin1")).dict();
  return { ...fields, dataOffset: start + length };
}

type Fields = Omit<NpyHeader, "dataOffset">;

class HeaderText {
  #at = 0;

  constructor(
    private readonly source: string,
    private readonly text: string,
  ) {}

  /** The three keys, each once, in any order, and nothing but space behind them. */
  dict(): Fields {
    let descr: string | undefined;
    let fortranOrder: boolean | undefined;
    let shape: Shape | undefined;
    this.#expect("{");
    while (!this.#take("}")) {
      const key = this.#match(STRING)?.slice(1, -1) ?? this.#fail("a key");
      this.#expect(":");
      if (key === "descr" && descr === undefined) descr = this.#descr();
      else if (key === "fortran_order" && fortranOrder === undefined)
        fortranOrder = (this.#match(WORD) ?? this.#fail("True or False")) === "True";
      else if (key === "shape" && shape === undefined) shape = this.#shape();
      else
        throw weightsErrors.field(
          this.source,
          "a key of the .npy header",
          key,
          "one of descr, fortran_order and shape, each once",
        );
      if (!this.#take(",")) {
        this.#expect("}");
        break;
      }
    }
    this.#match(SPACE);
    if (this.#at < this.text.length) this.#fail("the end");
    if (descr === undefined || fortranOrder === undefined || shape === undefined)
      throw weightsErrors.broken(
        this.source,
        "the .npy header",
        "does not hold descr, fortran_order and shape",
      );
    return { descr, fortranOrder, shape };
  }

  #descr(): string {
    const quoted = this.#match(STRING);
    if (quoted === undefined)
      throw weightsErrors.refused(
        this.source,
        "the .npy header",
        "has a descr of several fields",
        "save each array by itself with np.savez",
      );
    return quoted.slice(1, -1);
  }

  #shape(): Shape {
    this.#expect("(");
    const shape: number[] = [];
    while (!this.#take(")")) {
      const size = parseInt(this.#match(SIZE) ?? this.#fail("a size"), 10);
      if (!Number.isSafeInteger(size))
        throw weightsErrors.field(this.source, "a size of the .npy header", size, "below 2^53");
      shape.push(size);
      if (!this.#take(",")) {
        // (3) is a number to Python
        if (shape.length === 1) this.#fail('","');
        this.#expect(")");
        break;
      }
    }
    if (shape.length > LARGEST_RANK)
      throw weightsErrors.field(
        this.source,
        "the shape of the .npy header",
        shape,
        `of up to ${LARGEST_RANK} axes`,
      );
    return shape;
  }

  #match(pattern: RegExp): string | undefined {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.text)?.[0].length ?? 0;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #take(character: string): boolean {
    this.#match(SPACE);
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) this.#fail(`"${character}"`);
  }

  #fail(wanted: string): never {
    const got = this.#at < this.text.length ? show(this.text[this.#at]) : "the end";
    throw weightsErrors.broken(
      this.source,
      `the .npy header, character ${this.#at},`,
      `is ${got} where ${wanted} belongs`,
    );
  }
}
