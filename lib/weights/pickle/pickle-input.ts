import { isUtf8 } from "node:buffer";
import type { AlexNetError } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";

/** What `bytes` are of that which holds them, where they are not all of it. */
export interface BytesPart {
  /** Where they start in it, for messages; 0 where missing. */
  readonly from?: number;
  /** Whether it goes on behind them. */
  readonly goesOn?: boolean;
  /** Offset behind the last byte that there is, where `show` brings them a window at a time. */
  readonly size?: number;
}

/** The bytes of a pickle, read in order and never past their end. */
export class PickleInput {
  private view: DataView;
  private position: number;
  /** Where the opcode that runs began; messages name it. */
  private opcodeAt: number;
  private readonly size: number;
  /** Offset of the first of `bytes`. */
  private from = 0;

  constructor(
    private readonly source: string,
    /** What holds the pickle, for messages. */
    private readonly member: string,
    private bytes: Uint8Array,
    start: number,
    private readonly part: BytesPart = {},
  ) {
    this.size = part.size ?? bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = start;
    this.opcodeAt = start;
  }

  /** How many of the next `length` bytes have to be brought by `show`, from `end` on; 0 where all are here. */
  missing(length: number): number {
    const wanted = Math.min(length, this.size - this.position);
    const here = this.position >= this.from && this.position + wanted <= this.from + this.bytes.length;
    return here ? 0 : wanted;
  }

  /** Lets `bytes`, which start at `end`, be those that are read. */
  show(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.from = this.position;
  }

  /** Offset behind what has been read. */
  get end(): number {
    return this.position;
  }

  opcode(): number {
    this.opcodeAt = this.position;
    return this.u8();
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  i32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** Big-endian, as the opcode BINFLOAT has it. */
  f64(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** A two's complement integer of `length` bytes. */
  integer(length: number): number | bigint {
    const start = this.advance(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** The offset of the next `length` bytes, which are passed over and need not be here. */
  skip(length: number): number {
    this.check(length);
    this.position += length;
    return this.position - length;
  }

  text(length: number, encoding: "utf-8" | "latin1"): string {
    const start = this.advance(length);
    const bytes = Buffer.from(this.bytes.subarray(start, start + length));
    if (encoding === "utf-8" && !isUtf8(bytes)) throw this.wrong("holds a string that is not UTF-8");
    return bytes.toString(encoding);
  }

  /** Up to the next line feed, which is read too. */
  line(longest: number): string {
    const start = this.position - this.from;
    const searched = this.bytes.subarray(start, start + longest + 1);
    const end = searched.indexOf(10);
    if (end < 0) {
      const problem = `has no line of at most ${longest} bytes`;
      throw searched.length > longest ? this.wrong(problem) : this.ended(problem);
    }
    const text = this.text(end, "utf-8");
    this.advance(1);
    return text;
  }

  /** The error that names the opcode which runs. */
  wrong(problem: string): AlexNetError {
    return weightsErrors.broken(this.source, this.place, problem);
  }

  refused(problem: string, next: string): AlexNetError {
    return weightsErrors.refused(this.source, this.place, problem, next);
  }

  private get place(): string {
    return `${this.member} byte ${(this.part.from ?? 0) + this.opcodeAt}`;
  }

  /** The error for bytes that end: they do so in what holds them, or because no more of it is read. */
  private ended(problem: string): AlexNetError {
    return this.part.goesOn
      ? this.refused(
          `goes past the ${this.size} bytes of a pickle that are read`,
          "save the state dict alone",
        )
      : this.wrong(problem);
  }

  /** The place in `bytes` of the next `length` ones. */
  private advance(length: number): number {
    this.check(length);
    const start = this.position - this.from;
    this.position += length;
    return start;
  }

  private check(length: number): void {
    if (length < 0) throw this.wrong(`says a length of ${length}`);
    if (this.position + length > this.size)
      throw this.ended(`needs ${length} bytes, ${this.size - this.position} are left`);
  }
}
