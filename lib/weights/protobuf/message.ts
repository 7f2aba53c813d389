/** Messages of protobuf: their fields by number; what those mean is up to the caller. Unknown fields are passed over. */
import { weightsErrors } from "../../errors/weights.js";
import type { WireField, WireReader } from "./wire.js";

/** Bytes of a text. Names of layers have a few dozen. */
const LONGEST_TEXT = 1 << 12;
/** Messages or texts of one field: AlexNet has 24 layers. */
const MOST_REPEATED = 1 << 12;

type Wire = WireField["wire"];
const WIRES: Readonly<Record<Wire, string>> = { 0: "a varint", 1: "8 bytes", 2: "bytes", 5: "4 bytes" };

/**
 * What counts of a field that may be there once and is there again: "last", as protobuf has it (messages are joined), or
 * the file is refused.
 */
export type Repeats = "last" | "refused";

/** A part of a file that holds a message, in bytes. */
export type MessageBytes = Pick<WireField, "start" | "end">;

export class Message {
  private constructor(
    readonly wire: WireReader,
    /** The message, for errors: `layer "conv1"`. */
    readonly what: string,
    private readonly repeats: Repeats,
    private readonly fields: ReadonlyMap<number, readonly WireField[]>,
  ) {}

  /**
   * The message that the parts of a file are together.
   * @throws AlexNetError WEIGHTS_INVALID naming the byte, as every other method.
   */
  static async read(
    wire: WireReader,
    parts: readonly MessageBytes[],
    what: string,
    repeats: Repeats,
  ): Promise<Message> {
    const fields = new Map<number, WireField[]>();
    for (const { start, end } of parts)
      for (const field of await wire.message(start, end, what)) {
        const known = fields.get(field.number);
        if (known) known.push(field);
        else fields.set(field.number, [field]);
      }
    return new Message(wire, what, repeats, fields);
  }

  /** The file, for errors. */
  get source(): string {
    return this.wire.source;
  }

  /** The same message under a name that was read from it. */
  named(what: string): Message {
    return new Message(this.wire, what, this.repeats, this.fields);
  }

  has(number: number): boolean {
    return this.fields.has(number);
  }

  /** All fields of a number, in order, which must be of one of these wire types. */
  all(number: number, ...wires: readonly Wire[]): readonly WireField[] {
    const found = this.fields.get(number) ?? [];
    const other = found.find(({ wire }) => !wires.includes(wire));
    if (other)
      throw this.brokenAt(
        other,
        `is ${WIRES[other.wire]}; it must be ${wires.map((wire) => WIRES[wire]).join(" or ")}`,
      );
    return found;
  }

  /** The field that counts where one may be there. */
  one(number: number, wire: Wire): WireField | undefined {
    const found = this.all(number, wire);
    const last = found.at(-1);
    if (this.repeats === "refused" && last && found.length + last.count > 2)
      throw this.broken(`has field ${number} twice`);
    return last;
  }

  /** A whole number up to 2^53 on either side of 0. */
  integer(number: number): number | undefined {
    const field = this.one(number, 0);
    return field && this.safe(field, BigInt.asIntN(64, field.value));
  }

  flag(number: number): boolean | undefined {
    const field = this.one(number, 0);
    return field && field.value !== 0n;
  }

  /** Whole numbers, packed or not, at most `most` of them. */
  async integers(number: number, most: number): Promise<number[]> {
    const numbers: number[] = [];
    for (const field of this.all(number, 0, 2)) {
      const values = await this.wire.integers(field, most, this.what);
      numbers.push(...values.map((value) => this.safe(field, value)));
      if (numbers.length > most)
        throw this.brokenAt(field, `brings its numbers to ${numbers.length}, more than ${most}`);
    }
    return numbers;
  }

  async float(number: number): Promise<number | undefined> {
    const field = this.one(number, 5);
    return field && this.floatAt(field, field.start + (field.count - 1) * field.step);
  }

  /** Floats, packed or not, at most `most` of them. */
  async floats(number: number, most: number): Promise<number[]> {
    const numbers: number[] = [];
    for (const field of this.all(number, 2, 5)) {
      const [count, step] = field.wire === 5 ? [field.count, field.step] : [(field.end - field.start) / 4, 4];
      if (!Number.isInteger(count) || numbers.length + count > most)
        throw this.brokenAt(field, `has ${count} floats; it must be whole ones, at most ${most}`);
      for (let i = 0; i < count; i++) numbers.push(await this.floatAt(field, field.start + i * step));
    }
    return numbers;
  }

  /** Empty where it is missing, as protobuf has it; at most `most` bytes. */
  async text(number: number, most = LONGEST_TEXT): Promise<string> {
    const field = this.one(number, 2);
    return field === undefined ? "" : this.textOf(field, most);
  }

  async texts(number: number, most = MOST_REPEATED): Promise<string[]> {
    const texts: string[] = [];
    for (const field of this.repeated(number, most)) texts.push(await this.textOf(field, LONGEST_TEXT));
    return texts;
  }

  /** A message in this one. */
  async message(number: number, what: string): Promise<Message | undefined> {
    const field = this.one(number, 2);
    return field && Message.read(this.wire, this.all(number, 2), what, this.repeats);
  }

  async messages(number: number, whatOf: (index: number) => string): Promise<Message[]> {
    const messages: Message[] = [];
    for (const [index, field] of this.repeated(number, MOST_REPEATED).entries())
      messages.push(await this.part(field, whatOf(index)));
    return messages;
  }

  /** One message of those that are repeated. */
  part(field: MessageBytes, what: string): Promise<Message> {
    return Message.read(this.wire, [field], what, this.repeats);
  }

  /** Refuses fields that the caller knows and does not take. */
  refuse(fields: ReadonlyMap<number, string>, next: string): void {
    for (const [number, name] of fields)
      if (this.has(number)) throw weightsErrors.refused(this.source, this.what, `has ${name}`, next);
  }

  /** An error that names the message. */
  broken(problem: string) {
    return weightsErrors.broken(this.source, this.what, problem);
  }

  /** An error that names the message and a field of it, or another place in it. */
  brokenAt(at: WireField | string, problem: string) {
    const place = typeof at === "string" ? at : `field ${at.number} at byte ${at.at}`;
    return weightsErrors.broken(this.source, `${this.what}: ${place}`, problem);
  }

  private repeated(number: number, most: number): readonly WireField[] {
    const fields = this.all(number, 2);
    if (fields.length > most)
      throw weightsErrors.refused(
        this.source,
        this.what,
        `has field ${number} ${fields.length} times, more than ${most}`,
        "give a file of one network",
      );
    return fields;
  }

  private async textOf(field: WireField, most: number): Promise<string> {
    const bytes = await this.wire.bytes(field, most, `${this.what}: field ${field.number}`);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.brokenAt(field, "is not UTF-8");
    }
  }

  private async floatAt(field: WireField, start: number): Promise<number> {
    const bytes = await this.wire.bytes({ ...field, start, end: start + 4 }, 4, this.what);
    return new DataView(bytes.buffer).getFloat32(0, true);
  }

  private safe(field: WireField, value: bigint): number {
    if (value < Number.MIN_SAFE_INTEGER || value > Number.MAX_SAFE_INTEGER)
      throw this.brokenAt(field, `is ${value}, past 2^53`);
    return Number(value);
  }
}
