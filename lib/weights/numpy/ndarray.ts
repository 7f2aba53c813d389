/**
 * An ndarray as it stands in a pickle: a call of _reconstruct whose state is (1, shape, dtype, is_fortran, bytes).
 * The bytes are a string of the pickle: a byte string, whose place in the file is known; or, where Python 3 wrote
 * protocol 2, a call of _codecs.encode with a text, in UTF-8, whose characters are the bytes.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import { BYTES_PER_ELEMENT } from "../numbers.js";
import {
  kindOf,
  PickleCall,
  PickleGlobal,
  PickleSpan,
  PickleTuple,
  type PickleValue,
} from "../pickle/pickle-values.js";
import type { StoredTensor } from "../stored.js";
import { dtypeOf } from "./dtypes.js";
import { latin1Bytes, unpackLatin1 } from "./latin1.js";

const RECONSTRUCT = ["numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"];
const NDARRAY = "numpy ndarray";
const DTYPE = "numpy dtype";
const ENCODE = "_codecs encode";

/** Every import that the pickle of an array may hold. */
export const NUMPY_GLOBALS: ReadonlySet<string> = new Set([...RECONSTRUCT, NDARRAY, DTYPE, ENCODE]);

const LARGEST_RANK = 8;
/** Elements: AlexNet's largest tensor has 37,748,736. */
const LARGEST_ARRAY = 1 << 26;

/** Where an array's bytes are. */
export type ArrayBytes = Pick<StoredTensor, "offset" | "held" | "unpack">;

export interface PickledArray {
  readonly shape: Shape;
  /** Whether the first axis runs fastest. */
  readonly fortranOrder: boolean;
  /** NumPy's name of the elements: "<f4", "|O". */
  readonly descr: string;
  /** The bytes, or what an array of objects has in their place. */
  readonly raw: PickleValue;
}

/**
 * @param at what the array is, for messages
 * @throws AlexNetError WEIGHTS_INVALID naming it and what is wrong with it.
 */
export function readArray(source: string, at: string, value: PickleValue | undefined): PickledArray {
  if (!(value instanceof PickleCall) || !RECONSTRUCT.includes(value.callee))
    throw weightsErrors.refused(source, at, `is ${kindOf(value)}, not an array`, "save NumPy arrays alone");
  const [type] = value.args;
  const items = value.state instanceof PickleTuple ? value.state.items : [];
  const [version, sizes, dtype, fortran, raw] = items;
  if (!(type instanceof PickleGlobal) || type.name !== NDARRAY || items.length !== 5 || version !== 1)
    throw weightsErrors.broken(source, `${at}: state`, "is not that of an ndarray of version 1");
  const shape = sizes instanceof PickleTuple ? sizes.items : undefined;
  if (!isShape(shape))
    throw weightsErrors.field(
      source,
      `${at}: shape`,
      shape?.map((size) => (typeof size === "number" ? size : kindOf(size))) ?? kindOf(sizes),
      `up to ${LARGEST_RANK} whole numbers from 1 with a product of at most ${LARGEST_ARRAY}`,
    );
  // a bool, for which Python 2 has a number too
  if (fortran !== true && fortran !== false && fortran !== 0 && fortran !== 1)
    throw weightsErrors.field(source, `${at}: is_fortran`, kindOf(fortran), "True or False");
  return { shape, fortranOrder: Boolean(fortran), descr: descrOf(source, at, dtype), raw };
}

const isShape = (items: readonly PickleValue[] | undefined): items is readonly number[] =>
  items !== undefined &&
  items.length <= LARGEST_RANK &&
  items.every((size) => typeof size === "number" && Number.isSafeInteger(size) && size >= 1) &&
  (items as readonly number[]).reduce((product, size) => product * size, 1) <= LARGEST_ARRAY;

/** "<f4" of dtype("f4", ...) with the state (3, "<", ...). */
function descrOf(source: string, at: string, value: PickleValue | undefined): string {
  if (value instanceof PickleCall && value.callee === DTYPE && value.state instanceof PickleTuple) {
    const [name, order] = [value.args[0], value.state.items[1]].map(textOf);
    if (name !== undefined && order !== undefined) return `${order}${name}`;
  }
  throw weightsErrors.broken(
    source,
    `${at}: dtype`,
    `is ${kindOf(value)} without a name and an order of bytes`,
  );
}

const textOf = (value: PickleValue | undefined): string | undefined =>
  typeof value === "string" ? value : value instanceof PickleSpan ? value.text : undefined;

/**
 * The array as a tensor of that name, in the array's own shape; `bytes` of it is a string of just its size.
 * @throws AlexNetError WEIGHTS_INVALID naming the tensor and what is wrong with it.
 */
export function tensorOfArray(
  source: string,
  name: string,
  { shape, descr, raw }: PickledArray,
): StoredTensor {
  const dtype = dtypeOf(source, name, descr);
  const size = shape.reduce((product, axis) => product * axis, BYTES_PER_ELEMENT[dtype]);
  return { name, shape, dtype, ...bytesOf(source, `tensor ${show(name)}: data`, raw, size) };
}

function bytesOf(source: string, at: string, raw: PickleValue, size: number): ArrayBytes {
  const wrong = (length: number, rule: string) =>
    weightsErrors.field(source, `${at}: length`, length, `${rule}, as its shape and dtype need`);
  if (raw instanceof PickleSpan && raw.encoding === "bytes") {
    if (raw.length !== size) throw wrong(raw.length, String(size));
    return { offset: raw.offset };
  }
  const [text, encoding] = raw instanceof PickleCall && raw.callee === ENCODE ? raw.args : [];
  if (textOf(encoding) === "latin1") {
    if (typeof text === "string") {
      const held = latin1Bytes(source, at, Buffer.from(text));
      if (held.length !== size) throw wrong(held.length, String(size));
      return { offset: 0, held };
    }
    if (text instanceof PickleSpan && text.encoding === "utf-8") {
      // a character takes one byte or two
      if (text.length < size || text.length > 2 * size) throw wrong(text.length, `${size} to ${2 * size}`);
      return { offset: 0, unpack: (file) => unpackLatin1(source, at, file, text, size) };
    }
  }
  throw weightsErrors.broken(source, at, `is ${kindOf(raw)}, not a string of bytes`);
}
