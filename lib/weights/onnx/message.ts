/** Messages of an ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), their fields by number. */
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import { WireReader, type WireField } from "../protobuf/wire.js";

/** Bytes of a name, or of what else is a word. */
const LONGEST_TEXT = 1 << 12;
/** Messages of one kind in another one: nodes, say, of which AlexNet has 24. */
const MOST_MESSAGES = 1 << 12;
type Wire = WireField["wire"];

/** An ONNX file that is open. */
export class OnnxFile {
  readonly wire: WireReader;

  constructor(
    readonly file: WeightFile,
    readonly opened: OpenFile,
  ) {
    this.wire = new WireReader(file, opened);
  }

  get source(): string {
    return this.file.source;
  }

  /** The message in bytes [start, end) of the file. `what` is its name in errors. */
  async message({ start, end }: Pick<WireField, "start" | "end">, what: string): Promise<Message> {
    return new Message(this, what, await this.wire.message(start, end, what));
  }
}

/** One message. A field that may be there once and is there twice is refused, though protobuf would merge them. */
export class Message {
  readonly #fields = new Map<number, WireField[]>();

  constructor(
    readonly onnx: OnnxFile,
    readonly what: string,
    fields: readonly WireField[],
  ) {
    for (const field of fields) {
      const known = this.#fields.get(field.number);
      if (known) known.push(field);
      else this.#fields.set(field.number, [field]);
    }
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }

  /** All fields of a number, which must be of one of these wire types. */
  many(number: number, ...wires: readonly Wire[]): readonly WireField[] {
    const fields = this.#fields.get(number) ?? [];
    const odd = fields.find(({ wire }) => !wires.includes(wire));
    if (odd)
      throw this.broken(`has field ${number} with wire type ${odd.wire}; it must be ${wires.join(" or ")}`);
    return fields;
  }

  one(number: number, wire: Wire): WireField | undefined {
    const fields = this.many(number, wire);
    if (fields.length > 1 || (fields.length === 1 && fields[0].count > 1))
      throw this.broken(`has field ${number} twice`);
    return fields.at(0);
  }

  /** Empty where it is missing, as protobuf has it. */
  async text(number: number, most = LONGEST_TEXT): Promise<string> {
    const field = this.one(number, 2);
    return field === undefined ? "" : this.#decode(field, most);
  }

  async texts(number: number): Promise<string[]> {
    const found: string[] = [];
    for (const field of this.many(number, 2)) found.push(await this.#decode(field, LONGEST_TEXT));
    return found;
  }

  integer(number: number): number | undefined {
    const field = this.one(number, 0);
    return field && this.#safe(BigInt.asIntN(64, field.value));
  }

  /** Of a repeated field, packed or not. */
  async integers(number: number, most: number): Promise<number[]> {
    const found: number[] = [];
    for (const field of this.many(number, 0, 2)) {
      const more = await this.onnx.wire.integers(field, most, this.what);
      found.push(...more.map((value) => this.#safe(value)));
      if (found.length > most) throw this.broken(`has more than ${most} numbers in field ${number}`);
    }
    return found;
  }

  async float(number: number): Promise<number | undefined> {
    const field = this.one(number, 5);
    if (field === undefined) return undefined;
    const bytes = new Uint8Array(4);
    await this.onnx.opened.read(field.start, bytes);
    return new DataView(bytes.buffer).getFloat32(0, true);
  }

  /** Of a repeated field, packed or not. */
  async floats(number: number, most: number): Promise<number[]> {
    const found: number[] = [];
    for (const { wire, start, end, count, step } of this.many(number, 2, 5)) {
      const many = wire === 2 ? (end - start) / 4 : count;
      if (!Number.isInteger(many) || found.length + many > most)
        throw this.broken(`has more than ${most} numbers, or a part of one, in field ${number}`);
      const bytes = new Uint8Array(wire === 2 ? end - start : (count - 1) * step + 4);
      await this.onnx.opened.read(start, bytes);
      const view = new DataView(bytes.buffer);
      for (let index = 0; index < many; index++)
        found.push(view.getFloat32(index * (wire === 2 ? 4 : step), true));
    }
    return found;
  }

  async message(number: number, what: string): Promise<Message | undefined> {
    const field = this.one(number, 2);
    return field && this.onnx.message(field, what);
  }

  async messages(number: number, whatOf: (index: number) => string): Promise<Message[]> {
    const found: Message[] = [];
    const fields = this.many(number, 2);
    if (fields.length > MOST_MESSAGES)
      throw weightsErrors.refused(
        this.onnx.source,
        this.what,
        `has ${fields.length} messages in field ${number}, more than ${MOST_MESSAGES}`,
        "give a model of one network",
      );
    for (const [index, field] of fields.entries()) found.push(await this.onnx.message(field, whatOf(index)));
    return found;
  }

  broken(problem: string) {
    return weightsErrors.broken(this.onnx.source, this.what, problem);
  }

  /** Fields that this reader knows and does not take. */
  refuse(fields: ReadonlyMap<number, string>, next: string): void {
    for (const [number, name] of fields)
      if (this.has(number)) throw weightsErrors.refused(this.onnx.source, this.what, `has ${name}`, next);
  }

  async #decode(field: WireField, most: number): Promise<string> {
    const bytes = await this.onnx.wire.bytes(field, most, this.what);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.broken(`has text that is not UTF-8 at byte ${field.start}`);
    }
  }

  #safe(value: bigint): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.broken(`has the number ${value}, past the safe integers`);
    return number;
  }
}
