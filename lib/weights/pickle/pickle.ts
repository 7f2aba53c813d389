/**
 * A pickle reader that runs nothing: it knows the opcodes that a saved state dict needs (those of PyTorch's own
 * restricted loader, and floats) and the strings of a pickle of NumPy arrays, takes only the globals that it is given,
 * and makes records of what would be calls. Opcodes are those of Python's pickletools, multi-byte arguments
 * little-endian but for BINFLOAT's.
 */
import { PickleInput, type BytesPart } from "./pickle-input.js";
import { PickleMachine } from "./pickle-machine.js";
import { STATE_DICT, type PickleRules } from "./pickle-rules.js";
import { PickleSpan, PickleTuple, type PicklePersistent, type PickleValue } from "./pickle-values.js";

export interface PickleSource {
  /** The file, for messages. */
  readonly source: string;
  /** What in the file holds the pickle, for messages. */
  readonly member: string;
  readonly bytes: Uint8Array;
  /** Offset of the first opcode. */
  readonly start: number;
  /** Every "module name" that may appear. */
  readonly globals: ReadonlySet<string>;
  /** Where `bytes` are not all of what holds the pickle. */
  readonly part?: BytesPart;
}

export interface Pickled {
  readonly value: PickleValue;
  /** Offset in `bytes` behind the STOP. */
  readonly end: number;
  /** Every persistent object in it, also those that the value does not hold. */
  readonly persistents: readonly PicklePersistent[];
}

/**
 * Opcodes of one pickle; a state dict needs about 30 for each tensor. It bounds the stack and the memo too, and
 * with them memory: no opcode makes more than a record or a string of bytes that are there, but for the call that
 * makes an OrderedDict of a list. Their entries may be as many in all, since each was put into its list by opcodes.
 */
const MOST_OPCODES = 200_000;
/** Bytes of an integer; the magic number of old PyTorch files has 10. */
const LONGEST_INTEGER = 16;
const LONGEST_NAME = 128;
/** Bytes of a string that may be a name; longer ones, and all byte strings of a pickle of arrays, stay in the file. */
const LONGEST_SHORT = 255;
const STOP = 0x2e;
const PROTO = 0x80;

/**
 * Reads the pickle of a state dict, or of a part of one.
 * @throws AlexNetError WEIGHTS_INVALID naming the byte of the opcode that is wrong or refused.
 */
export function readPickle(from: PickleSource): Pickled {
  const input = new PickleInput(from.source, from.member, from.bytes, from.start, from.part);
  const run = new PickleRun(input, { ...STATE_DICT, globals: from.globals });
  while (!run.step());
  return { value: run.finish(), end: input.end, persistents: run.persistents };
}

/** A pickle that is read an opcode at a time, by whoever brings its bytes. */
export class PickleRun {
  readonly #machine: PickleMachine;
  #count = 0;

  constructor(
    private readonly input: PickleInput,
    private readonly rules: PickleRules,
  ) {
    this.#machine = new PickleMachine(input, rules, MOST_OPCODES);
  }

  /** Runs one opcode; true where it was STOP. */
  step(): boolean {
    const { input, rules } = this;
    if (this.#count === MOST_OPCODES)
      throw input.refused(
        `is the last of ${MOST_OPCODES} opcodes that are read`,
        `save the ${rules.what} alone`,
      );
    this.#count++;
    const opcode = input.opcode();
    if (opcode === STOP) return true;
    const value = rules.spans ? (SPANS.get(opcode) ?? VALUES.get(opcode)) : VALUES.get(opcode);
    if (value) this.#machine.push(value(input, this.#machine));
    else if (opcode === PROTO) protocol(input, rules);
    else if (!act(opcode, input, this.#machine))
      throw input.refused(
        `holds opcode 0x${opcode.toString(16).padStart(2, "0")}, which a ${rules.what} does not need`,
        rules.next,
      );
    return false;
  }

  get persistents(): readonly PicklePersistent[] {
    return this.#machine.persistents;
  }

  /** The one value that is left. */
  finish(): PickleValue {
    return this.#machine.finish();
  }
}

/** Opcodes that push a value. */
const VALUES = new Map<number, (input: PickleInput, machine: PickleMachine) => PickleValue>([
  [0x4e, () => null], // NONE
  [0x88, () => true], // NEWTRUE
  [0x89, () => false], // NEWFALSE
  [0x4b, (input) => input.u8()], // BININT1
  [0x4d, (input) => input.u16()], // BININT2
  [0x4a, (input) => input.i32()], // BININT
  [0x8a, long], // LONG1
  [0x47, (input) => input.f64()], // BINFLOAT
  [0x58, (input) => input.text(input.u32(), "utf-8")], // BINUNICODE
  [0x55, (input) => input.text(input.u8(), "latin1")], // SHORT_BINSTRING, a str of Python 2
  [0x5d, () => []], // EMPTY_LIST
  [0x7d, () => new Map()], // EMPTY_DICT
  [0x29, () => new PickleTuple([])], // EMPTY_TUPLE
  [0x85, (_, machine) => new PickleTuple(machine.take(1))], // TUPLE1
  [0x86, (_, machine) => new PickleTuple(machine.take(2))], // TUPLE2
  [0x87, (_, machine) => new PickleTuple(machine.take(3))], // TUPLE3
  [0x74, (_, machine) => new PickleTuple(machine.takeMarked())], // TUPLE
  [0x68, (input, machine) => machine.memoised(input.u8())], // BINGET
  [0x6a, (input, machine) => machine.memoised(input.u32())], // LONG_BINGET
  [0x63, (input, machine) => machine.global(input.line(LONGEST_NAME), input.line(LONGEST_NAME))], // GLOBAL
  [0x52, (_, machine) => machine.call()], // REDUCE
  [0x81, (_, machine) => machine.call()], // NEWOBJ
  [0x51, (_, machine) => machine.persistent()], // BINPERSID
]);

/** Strings of a pickle of arrays, of which Python 2 and 3 have different ones. */
const SPANS = new Map<number, (input: PickleInput) => PickleValue>([
  [0x58, unicode], // BINUNICODE
  [0x55, (input) => byteString(input, input.u8())], // SHORT_BINSTRING
  [0x54, (input) => byteString(input, input.i32())], // BINSTRING
  [0x43, (input) => byteString(input, input.u8())], // SHORT_BINBYTES
  [0x42, (input) => byteString(input, input.u32())], // BINBYTES
]);

function unicode(input: PickleInput): PickleValue {
  const length = input.u32();
  return length <= LONGEST_SHORT
    ? input.text(length, "utf-8")
    : new PickleSpan("utf-8", input.skip(length), length);
}

function byteString(input: PickleInput, length: number): PickleSpan {
  if (length < 0 || length > LONGEST_SHORT) return new PickleSpan("bytes", input.skip(length), length);
  const offset = input.end;
  return new PickleSpan("bytes", offset, length, input.text(length, "latin1"));
}

/** Runs an opcode that pushes nothing; false where it is none of them. */
function act(opcode: number, input: PickleInput, machine: PickleMachine): boolean {
  switch (opcode) {
    case 0x28: // MARK
      machine.mark();
      return true;
    case 0x61: // APPEND
      machine.append(machine.take(1));
      return true;
    case 0x65: // APPENDS
      machine.append(machine.takeMarked());
      return true;
    case 0x73: // SETITEM
      machine.setItems(machine.take(2));
      return true;
    case 0x75: // SETITEMS
      machine.setItems(machine.takeMarked());
      return true;
    case 0x71: // BINPUT
      machine.memoise(input.u8());
      return true;
    case 0x72: // LONG_BINPUT
      machine.memoise(input.u32());
      return true;
    case 0x62: // BUILD
      machine.build();
      return true;
    default:
      return false;
  }
}

function protocol(input: PickleInput, { protocols, protocolNext }: PickleRules): void {
  const version = input.u8();
  if (!protocols.includes(version))
    throw input.refused(`is of pickle protocol ${version}, not ${protocols.join(" or ")}`, protocolNext);
}

function long(input: PickleInput): number | bigint {
  const length = input.u8();
  if (length > LONGEST_INTEGER)
    throw input.wrong(`holds an integer of ${length} bytes, more than ${LONGEST_INTEGER}`);
  return input.integer(length);
}
