/**
 * Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/), read where it lies in a file: of
 * a message only tags, lengths and numbers are read, so that 244 MB of weights stay where they are until they stream.
 */
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";

/** A field of a message; or a run of them, as numbers of an unpacked repeated field stand one behind the other. */
export interface WireField {
  readonly number: number;
  /** 0 a varint, 1 eight bytes, 2 bytes of a length, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Byte offset of the (first) tag in the file. */
  readonly at: number;
  /** Of the (first) payload, in bytes from the start of the file to behind its end. */
  readonly start: number;
  readonly end: number;
  /** Of wire 0: the number, as 64 bits without a sign. */
  readonly value: bigint;
  /** Fields in the run: more than one only of wire 1 and 5. */
  readonly count: number;
  /** Bytes from one payload of the run to the next. */
  readonly step: number;
}

/** Fields of all messages that are read of a file, runs counted once. AlexNet's have a few hundred. */
const MOST_FIELDS = 1 << 16;
/** Bytes that are read at a time. */
const WINDOW = 1 << 16;
/** A tag and a length, ten bytes each at most. */
const HEAD = 20;
const MOST_VARINT_BYTES = 10;

/** Of one file; one read after the other, since they share a buffer. */
export class WireReader {
  /** The file, for errors. */
  readonly source: string;
  /** Bytes. */
  readonly size: number;
  readonly #file: OpenFile;
  readonly #buffer = new Uint8Array(WINDOW);
  /** The part of the buffer that is filled. */
  #window = this.#buffer.subarray(0, 0);
  /** Byte offset of the window in the file. */
  #from = 0;
  /** Fields that were read. */
  #fields = 0;

  constructor({ source, size }: WeightFile, file: OpenFile) {
    this.source = source;
    this.size = size;
    this.#file = file;
  }

  /**
   * The fields of the message in bytes [start, end) of the file, in order.
   * @param what the message, for errors: "layer \"conv1\""
   * @throws AlexNetError WEIGHTS_INVALID naming the byte.
   */
  async message(start: number, end: number, what: string): Promise<WireField[]> {
    const fields: WireField[] = [];
    for (let at = start; at < end;) {
      await this.#load(at);
      const first = this.#field(at, end, what);
      const field = first.step === 0 ? first : { ...first, count: await this.#countRun(first, end) };
      fields.push(field);
      if (++this.#fields > MOST_FIELDS)
        throw weightsErrors.refused(
          this.source,
          `${what} at byte ${start}`,
          `brings the file to more than ${MOST_FIELDS} fields`,
          "give a file of weights alone",
        );
      at = field.end + (field.count - 1) * field.step;
    }
    return fields;
  }

  /**
   * How many numbers of an unpacked repeated field follow each other from the first on: as long as its tag is found a
   * step further. Only tags are compared, since AlexNet may have 61 million of them.
   */
  async #countRun({ at, start, step }: WireField, end: number): Promise<number> {
    const tag = this.#window.slice(at - this.#from, start - this.#from);
    let count = 1;
    for (let next = at + step; next + step <= end;) {
      await this.#load(next);
      const first = next - this.#from;
      const whole = Math.floor((Math.min(end - this.#from, this.#window.length) - first) / step);
      const found = repeats(this.#window, first, step, tag, whole);
      count += found;
      if (found < whole) break;
      next += found * step;
    }
    return count;
  }

  /** Fills `target` with the file's bytes from `offset` on. */
  read(offset: number, target: Uint8Array): Promise<void> {
    return this.#file.read(offset, target);
  }

  /** The bytes of a field of wire 2, of which there may be at most `most`. */
  async bytes({ at, start, end }: WireField, most: number, what: string): Promise<Uint8Array> {
    if (end - start > most)
      throw weightsErrors.refused(
        this.source,
        `${what} at byte ${at}`,
        `has ${end - start} bytes, more than ${most}`,
        "give a file of weights alone",
      );
    if (end - start <= WINDOW) {
      await this.#load(start, end - start);
      return this.#window.slice(start - this.#from, end - this.#from);
    }
    const bytes = new Uint8Array(end - start);
    await this.#file.read(start, bytes);
    return bytes;
  }

  /** The numbers of a varint field: one, or as many as are packed in it (at most `most`); signed 64 bits. */
  async integers(field: WireField, most: number, what: string): Promise<bigint[]> {
    if (field.wire === 0) return [BigInt.asIntN(64, field.value)];
    if (field.wire !== 2) throw this.#wrong(field.at, what, "is not a varint, nor packed ones");
    const bytes = await this.bytes(field, most * MOST_VARINT_BYTES, what);
    const numbers: bigint[] = [];
    for (let at = 0; at < bytes.length;) {
      const { value, end } = this.#varint(bytes, at, bytes.length, field.start, what);
      numbers.push(BigInt.asIntN(64, value));
      at = end;
    }
    if (numbers.length > most)
      throw this.#wrong(field.at, what, `has ${numbers.length} numbers, more than ${most}`);
    return numbers;
  }

  #field(at: number, end: number, what: string): WireField {
    const from = this.#from;
    const limit = Math.min(end - from, this.#window.length);
    const tag = this.#varint(this.#window, at - from, limit, from, what);
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    if (number < 1 || number >= 2 ** 29)
      throw this.#wrong(at, what, `has field number ${number}; it must be from 1 to ${2 ** 29 - 1}`);
    const start = from + tag.end;
    const fixed = (bytes: 4 | 8): WireField => {
      if (start + bytes > end) throw this.#wrong(at, what, "ends in the middle of a number");
      const step = bytes + tag.end - (at - from);
      return { number, wire: bytes === 4 ? 5 : 1, at, start, end: start + bytes, value: 0n, count: 1, step };
    };
    switch (wire) {
      case 0: {
        const { value, end: stop } = this.#varint(this.#window, tag.end, limit, from, what);
        return { number, wire, at, start, end: from + stop, value, count: 1, step: 0 };
      }
      case 1:
        return fixed(8);
      case 5:
        return fixed(4);
      case 2: {
        const length = this.#varint(this.#window, tag.end, limit, from, what);
        const begin = from + length.end;
        if (length.value > BigInt(end - begin))
          throw this.#wrong(at, what, `says ${length.value} bytes, ${end - begin} are left`);
        const stop = begin + Number(length.value);
        return { number, wire, at, start: begin, end: stop, value: 0n, count: 1, step: 0 };
      }
      default:
        throw this.#wrong(at, what, `has wire type ${wire}; it must be 0, 1, 2 or 5`);
    }
  }

  /** @param from byte offset in the file of the first of `bytes` */
  #varint(
    bytes: Uint8Array,
    at: number,
    end: number,
    from: number,
    what: string,
  ): { value: bigint; end: number } {
    let value = 0n;
    for (let index = 0; index < MOST_VARINT_BYTES; index++) {
      if (at + index >= end) throw this.#wrong(from + at, what, "ends in the middle of a number");
      const byte = bytes[at + index];
      value |= BigInt(byte & 127) << BigInt(7 * index);
      if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + index + 1 };
    }
    throw this.#wrong(from + at, what, `has a number of more than ${MOST_VARINT_BYTES} bytes`);
  }

  /** Lets the window hold so many bytes, those of the head of a field where nothing is said, or all up to the file's end. */
  async #load(at: number, bytes = HEAD): Promise<void> {
    const needed = Math.min(bytes, this.size - at);
    if (at >= this.#from && at + needed <= this.#from + this.#window.length) return;
    this.#window = this.#buffer.subarray(0, Math.min(WINDOW, this.size - at));
    this.#from = at;
    await this.#file.read(at, this.#window);
  }

  #wrong(at: number, what: string, problem: string) {
    return weightsErrors.broken(this.source, `${what}, the field at byte ${at}`, problem);
  }
}

/** How often `tag` stands `step` bytes further, from byte `at` on: at most `most` times. */
function repeats(bytes: Uint8Array, at: number, step: number, tag: Uint8Array, most: number): number {
  const [first] = tag;
  const isSame = (place: number): boolean => tag.every((byte, index) => bytes[place + index] === byte);
  let count = 0;
  for (let place = at; count < most; count++, place += step)
    if (bytes[place] !== first || (tag.length > 1 && !isSame(place))) break;
  return count;
}
