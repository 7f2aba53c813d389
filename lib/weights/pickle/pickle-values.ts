/** What a pickle holds, as inert data: no name in it is ever looked up, and nothing is called. */

/** A name that the file would import, as "module name". */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** What would be `callee(...args)`, and the state that would be set on the result. */
export class PickleCall {
  state: PickleValue = null;

  constructor(
    readonly callee: string,
    readonly args: readonly PickleValue[],
  ) {}
}

/** An object that stands elsewhere in the file: a storage, where PyTorch wrote it. */
export class PicklePersistent {
  constructor(readonly id: PickleValue) {}
}

/**
 * A string that stays where it is in the file: a byte string of a pickle of arrays, or a text that is too long for a
 * name.
 */
export class PickleSpan {
  constructor(
    readonly encoding: "bytes" | "utf-8",
    /** Bytes from the start of the file. */
    readonly offset: number,
    readonly length: number,
    /** The bytes as Latin-1, where there are few of them. */
    readonly text?: string,
  ) {}
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export type PickleKey = null | boolean | number | bigint | string;
/** A dict or an OrderedDict: a Map gives no key a meaning of its own. */
export type PickleDict = Map<PickleKey, PickleValue>;
export type PickleValue =
  | PickleKey
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleCall
  | PicklePersistent
  | PickleSpan;

/** One Python word or two for a value. Values may hold themselves, so no message prints one. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleGlobal) return value.name.replace(" ", ".");
  if (value instanceof PickleSpan) return `a string of ${value.length} bytes`;
  if (value instanceof PickleCall) return `a ${value.callee.replace(" ", ".")}`;
  return "a persistent object";
}

/** What a message shows of a value: what is plain itself, else its kind. */
export const shown = (value: PickleValue | undefined): unknown =>
  value === undefined || value === null || typeof value === "object" ? kindOf(value) : value;
