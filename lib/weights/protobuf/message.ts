/** Messages by the rules of proto2: of a scalar the last one counts, unknown fields are passed over. */
import { weightsErrors } from "../../errors/weights.js";
import type { WireField, WireReader } from "./wire.js";

/** Bytes of a text. Names of layers have a few dozen. */
const LONGEST_TEXT = 4096;

type Wire = WireField["wire"];
const WIRES: Readonly<Record<Wire, string>> = { 0: "a varint", 1: "8 bytes", 2: "bytes", 5: "4 bytes" };

/** A part of a file that holds a message, or several that count as one. */
export interface MessageBytes {
  readonly start: number;
  readonly end: number;
}

/** The fields of one message, read by number; what they mean is up to the caller. */
export class Message {
  private constructor(
    /** The file, for errors. */
    readonly source: string,
    /** The message, for errors: `layer "conv1"`. */
    readonly what: string,
    private readonly wire: WireReader,
    private readonly fields: readonly WireField[],
  ) {}

  /** @throws AlexNetError WEIGHTS_INVALID naming the byte. */
  static async read(
    source: string,
    wire: WireReader,
    parts: readonly MessageBytes[],
    what: string,
  ): Promise<Message> {
    const fields: WireField[] = [];
    for (const { start, end } of parts)
      for (const field of await wire.message(start, end, what)) fields.push(field);
    return new Message(source, what, wire, fields);
  }

  /** The same message under a name that was read from it. */
  named(what: string): Message {
    return new Message(this.source, what, this.wire, this.fields);
  }

  has(number: number): boolean {
    return this.fields.some((field) => field.number === number);
  }

  /** All fields of a number, in order. */
  all(number: number, ...wires: readonly Wire[]): readonly WireField[] {
    const found = this.fields.filter((field) => field.number === number);
    const other = found.find(({ wire }) => !wires.includes(wire));
    if (other)
      throw this.broken(
        `field ${number} at byte ${other.at}`,
        `is ${WIRES[other.wire]}; it must be ${wires.map((wire) => WIRES[wire]).join(" or ")}`,
      );
    return found;
  }

  /** A whole number up to 2^53 on either side of 0. */
  integer(number: number): number | undefined {
    const field = this.all(number, 0).at(-1);
    return field && this.safe(field, BigInt.asIntN(64, field.value));
  }

  flag(number: number): boolean | undefined {
    const field = this.all(number, 0).at(-1);
    return field && field.value !== 0n;
  }

  /** Whole numbers, packed or not, at most `most` of them. */
  async integers(number: number, most: number): Promise<number[]> {
    const numbers: number[] = [];
    for (const field of this.all(number, 0, 2)) {
      const values = await this.wire.integers(field, most, this.what);
      numbers.push(...values.map((value) => this.safe(field, value)));
    }
    if (numbers.length > most)
      throw this.broken(`field ${number}`, `has ${numbers.length} numbers, more than ${most}`);
    return numbers;
  }

  /** A float, as the shortest decimal that is the same float32: 1e-4 was written in the network's text, and is meant. */
  async float(number: number): Promise<number | undefined> {
    const field = this.all(number, 5).at(-1);
    if (field === undefined) return undefined;
    const start = field.start + (field.count - 1) * field.step;
    return this.floatAt(field, start);
  }

  /** Floats, packed or not, at most `most` of them. */
  async floats(number: number, most: number): Promise<number[]> {
    const numbers: number[] = [];
    for (const field of this.all(number, 2, 5)) {
      const count = field.wire === 5 ? field.count : (field.end - field.start) / 4;
      const step = field.wire === 5 ? field.step : 4;
      if (!Number.isInteger(count) || numbers.length + count > most)
        throw this.broken(
          `field ${number} at byte ${field.at}`,
          `has ${count} floats; it must be whole ones, at most ${most}`,
        );
      for (let i = 0; i < count; i++) numbers.push(await this.floatAt(field, field.start + i * step));
    }
    return numbers;
  }

  async text(number: number): Promise<string | undefined> {
    const field = this.all(number, 2).at(-1);
    return field && this.textOf(field);
  }

  async texts(number: number, most: number): Promise<string[]> {
    const fields = this.all(number, 2);
    if (fields.length > most)
      throw this.broken(`field ${number}`, `is there ${fields.length} times, more than ${most}`);
    const texts: string[] = [];
    for (const field of fields) texts.push(await this.textOf(field));
    return texts;
  }

  /** A message in this one; where it is there more than once, its parts count together. */
  async message(number: number, what: string): Promise<Message | undefined> {
    const fields = this.all(number, 2);
    return fields.length === 0 ? undefined : Message.read(this.source, this.wire, fields, what);
  }

  /** One message of those that are repeated. */
  part(field: MessageBytes, what: string): Promise<Message> {
    return Message.read(this.source, this.wire, [field], what);
  }

  /** An error that names the message and a place in it. */
  broken(at: string, problem: string) {
    return weightsErrors.broken(this.source, `${this.what}: ${at}`, problem);
  }

  private async textOf(field: WireField): Promise<string> {
    const bytes = await this.wire.bytes(field, LONGEST_TEXT, `${this.what}: field ${field.number}`);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.broken(`field ${field.number} at byte ${field.at}`, "is not UTF-8");
    }
  }

  private async floatAt(field: WireField, start: number): Promise<number> {
    const bytes = await this.wire.bytes({ ...field, start, end: start + 4 }, 4, this.what);
    return shortestDecimal(new DataView(bytes.buffer).getFloat32(0, true));
  }

  private safe({ number, at }: WireField, value: bigint): number {
    if (value < Number.MIN_SAFE_INTEGER || value > Number.MAX_SAFE_INTEGER)
      throw this.broken(`field ${number} at byte ${at}`, `is ${value}, past 2^53`);
    return Number(value);
  }
}

/** The double with the fewest digits that rounds to a float32; nine always do. */
function shortestDecimal(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const decimal = Number(float.toPrecision(digits));
    if (Math.fround(decimal) === float) return decimal;
  }
  return float;
}
