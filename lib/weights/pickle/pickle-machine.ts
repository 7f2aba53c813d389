import { show } from "../../errors/base.js";
import type { PickleInput } from "./pickle-input.js";
import {
  kindOf,
  PickleCall,
  PickleGlobal,
  PicklePersistent,
  PickleSpan,
  PickleTuple,
  type PickleDict,
  type PickleKey,
  type PickleValue,
} from "./pickle-values.js";
import type { PickleRules } from "./pickle-rules.js";

/** MARKs that may be open at a time. */
const DEEPEST = 64;
/** The one global that is more than a name here: its calls make a dict. */
const ORDERED_DICT = "collections OrderedDict";

/** Stack and memo of a pickle. Every operation checks what it takes. */
export class PickleMachine {
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  // a Map, since an index may be anything up to 2^32 - 1
  private readonly memo = new Map<number, PickleValue>();
  private orderedEntries = 0;
  /** Every object that stands elsewhere, in order. */
  readonly persistents: PicklePersistent[] = [];

  /** @param mostEntries of all OrderedDicts together that are made from lists */
  constructor(
    private readonly input: PickleInput,
    private readonly rules: PickleRules,
    private readonly mostEntries: number,
  ) {}

  /** The one value that is left. */
  finish(): PickleValue {
    const [value] = this.take(1);
    if (this.stack.length > 0 || this.marks.length > 0) throw this.input.wrong("stops with values left over");
    return value;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  /** The last `count` values, none from before the last mark. */
  take(count: number): PickleValue[] {
    const floor = this.marks.length === 0 ? 0 : this.marks[this.marks.length - 1];
    if (this.stack.length - count < floor) throw this.input.wrong("takes more values than there are");
    return this.stack.splice(this.stack.length - count);
  }

  mark(): void {
    if (this.marks.length === DEEPEST) throw this.input.wrong(`nests deeper than ${DEEPEST}`);
    this.marks.push(this.stack.length);
  }

  /** The values since the last mark. */
  takeMarked(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.input.wrong("has no MARK before it");
    return this.stack.splice(mark);
  }

  memoise(index: number): void {
    this.memo.set(index, this.top());
  }

  memoised(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.input.wrong(`wants memo ${index}, which was not put`);
    return value;
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.input.wrong(`appends to ${kindOf(list)}, not to a list`);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.input.wrong(`sets items of ${kindOf(dict)}, not of a dict`);
    if (items.length % 2 !== 0) throw this.input.wrong("sets a key without a value");
    for (let i = 0; i < items.length; i += 2) this.setItem(dict, items[i], items[i + 1]);
  }

  global(module: string, name: string): PickleGlobal {
    const full = `${module} ${name}`;
    if (this.rules.globals.has(full)) return new PickleGlobal(full);
    throw this.input.refused(
      `wants to import ${show(`${module}.${name}`)}, which a ${this.rules.what} does not need`,
      this.rules.next,
    );
  }

  /** What a call of the second last value with the last one would give. */
  call(): PickleCall | PickleDict {
    const [callee, args] = this.take(2);
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple))
      throw this.input.wrong(`calls ${kindOf(callee)} with ${kindOf(args)}`);
    return callee.name === ORDERED_DICT
      ? this.orderedDict(args.items)
      : new PickleCall(callee.name, args.items);
  }

  persistent(): PicklePersistent {
    const [id] = this.take(1);
    const object = new PicklePersistent(id);
    this.persistents.push(object);
    return object;
  }

  /** A dict's attributes (a state dict's _metadata) say nothing about its tensors and are dropped. */
  build(): void {
    const [state] = this.take(1);
    const target = this.top();
    if (target instanceof PickleCall) target.state = state;
    else if (!(target instanceof Map)) throw this.input.wrong(`sets the state of ${kindOf(target)}`);
  }

  private top(): PickleValue {
    const [value] = this.take(1);
    this.push(value);
    return value;
  }

  private setItem(dict: PickleDict, named: PickleValue, value: PickleValue): void {
    // Python 2 has byte strings for names
    const key = named instanceof PickleSpan && named.text !== undefined ? named.text : named;
    if (!isKey(key)) throw this.input.wrong(`has ${kindOf(key)} as a key of a dict`);
    if (dict.has(key)) throw this.input.wrong("sets a key that is already there");
    dict.set(key, value);
  }

  /** Without arguments, or from one list of pairs, as Python 2 wrote it. */
  private orderedDict(args: readonly PickleValue[]): PickleDict {
    const dict: PickleDict = new Map();
    if (args.length === 0) return dict;
    const [pairs] = args;
    if (args.length !== 1 || !Array.isArray(pairs))
      throw this.input.wrong("makes an OrderedDict of something else than a list of pairs");
    // before any is made: one list in the memo can be made a dict by every opcode
    this.orderedEntries += pairs.length;
    if (this.orderedEntries > this.mostEntries)
      throw this.input.refused(
        `brings the entries of OrderedDicts to ${this.orderedEntries}, more than ${this.mostEntries}`,
        "save the state dict alone",
      );
    for (const pair of pairs) {
      const items = pair instanceof PickleTuple ? pair.items : pair;
      if (!Array.isArray(items) || items.length !== 2)
        throw this.input.wrong(`has ${kindOf(pair)} for a pair of an OrderedDict`);
      const [key, value] = items as readonly PickleValue[];
      this.setItem(dict, key, value);
    }
    return dict;
  }
}

const isKey = (value: PickleValue): value is PickleKey => value === null || typeof value !== "object";
