/** The storages of PyTorch's files: plain arrays of numbers, of which tensors are views. */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import { BYTES_PER_ELEMENT } from "../numbers.js";
import type { PickleStream } from "../pickle/pickle-stream.js";
import {
  kindOf,
  PickleGlobal,
  PicklePersistent,
  PickleTuple,
  shown,
  type PickleValue,
} from "../pickle/pickle-values.js";
import type { DType } from "../weights.js";

/** I64 is that of counters in checkpoints: known, since they lie between the weights, but no weights. */
export type ElementType = DType | "I64";

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { ...BYTES_PER_ELEMENT, I64: 8 };

const TYPES: readonly (readonly [name: string, type: ElementType])[] = [
  ["Float", "F32"],
  ["Half", "F16"],
  ["BFloat16", "BF16"],
  ["Double", "F64"],
  ["Long", "I64"],
];

/** Classes of storages, as pickles import them. */
export const STORAGES: ReadonlyMap<string, ElementType> = new Map(
  TYPES.map(([name, type]) => [`torch ${name}Storage`, type] as const),
);

/** Classes of tensors, as files of before 0.1.10 import them, those that lay on a GPU too. */
export const TENSORS: ReadonlyMap<string, ElementType> = new Map(
  ["torch", "torch.cuda"].flatMap((module) =>
    TYPES.map(([name, type]) => [`${module} ${name}Tensor`, type] as const),
  ),
);

/** What to do where a file holds something else than tensors. */
export const SAVE_STATE = "save it with torch.save(model.state_dict(), path)";
/** Storages of one file. A state dict has one for each of its tensors, a checkpoint two or three. */
export const MOST_STORAGES = 4096;

/** The element type that a pickled class of `classes` stands for. */
export const elementType = (
  value: PickleValue | undefined,
  classes: ReadonlyMap<string, ElementType>,
): ElementType | undefined => (value instanceof PickleGlobal ? classes.get(value.name) : undefined);

/** Bytes of one storage in the file. */
export interface StorageBytes {
  readonly offset: number;
  readonly size: number;
}

/** A storage, or a part of one: what the elements of a tensor must lie in. */
export interface Storage {
  readonly type: ElementType;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly elements: number;
}

/** A view of a storage: `elements` from element `offset` on. */
export interface Part {
  readonly offset: PickleValue | undefined;
  readonly elements: PickleValue | undefined;
}

/**
 * A part of a storage, as files of before 0.4 name them.
 * @throws AlexNetError WEIGHTS_INVALID where it does not lie in the storage.
 */
export function partOf(source: string, at: string, storage: Storage, { offset, elements }: Part): Storage {
  if (!isCount(offset)) throw weightsErrors.field(source, `${at}: offset`, shown(offset), COUNT);
  if (!isCount(elements)) throw weightsErrors.field(source, `${at}: elements`, shown(elements), COUNT);
  if (offset + elements > storage.elements)
    throw weightsErrors.field(
      source,
      `${at}: offset + elements`,
      offset + elements,
      `at most ${storage.elements}, the elements of its storage`,
    );
  return { ...storage, offset: storage.offset + offset * ELEMENT_BYTES[storage.type], elements };
}

/** What a persistent id ("storage", type, key, location, elements, part) says. */
export interface StorageId {
  readonly type: ElementType;
  readonly key: string;
  readonly elements: number;
  /** The key of a view, and the part of the storage that it is; None, or not there, for the whole storage. */
  readonly part?: Part & { readonly key: string };
}

/**
 * The storage that a persistent object stands for.
 * @throws AlexNetError WEIGHTS_INVALID for anything else, the source code of a module among it.
 */
export function storageId(source: string, at: string, persistent: PickleValue | undefined): StorageId {
  const id = persistent instanceof PicklePersistent ? persistent.id : undefined;
  const [kind, className, key, , elements, view = null] = id instanceof PickleTuple ? id.items : [];
  if (kind === "module") throw moduleRefused(source, at);
  const type = elementType(className, STORAGES);
  if (kind !== "storage" || type === undefined || typeof key !== "string")
    throw weightsErrors.broken(source, at, `is ${kindOf(persistent)} without a type and a key`);
  if (!isCount(elements)) throw weightsErrors.field(source, `${at}: elements`, shown(elements), COUNT);
  if (view === null) return { type, key, elements };
  const [viewKey, offset, size] = view instanceof PickleTuple ? view.items : [];
  if (typeof viewKey !== "string")
    throw weightsErrors.field(source, `${at}: view`, shown(view), "None or a key, an offset and elements");
  return { type, key, elements, part: { key: viewKey, offset, elements: size } };
}

/** The error for a persistent id that carries a module's source code. */
export const moduleRefused = (source: string, at: string) =>
  weightsErrors.refused(source, at, "is a module with its source code", SAVE_STATE);

/**
 * Passes over a storage as the formats of before 1.6 have it: the number of its elements in 64 bits, then the
 * elements.
 * @throws AlexNetError WEIGHTS_INVALID where they do not lie in the stream.
 */
export async function passStorage(stream: PickleStream, key: string, type: ElementType): Promise<Storage> {
  const elements = await stream.integer();
  const room = Math.floor(stream.left / ELEMENT_BYTES[type]);
  if (!isCount(elements) || elements > room)
    throw weightsErrors.field(
      stream.source,
      `storage ${show(key)}: elements`,
      elements,
      `from 0 to ${room}, for which there is room`,
    );
  const { offset } = stream;
  stream.skip(elements * ELEMENT_BYTES[type]);
  return { type, offset, elements };
}

const COUNT = "a whole number from 0";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
