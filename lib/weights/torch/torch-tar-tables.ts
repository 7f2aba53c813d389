/**
 * The members storages and tensors of PyTorch's tar files, of which only the pickles and the headers are read.
 *
 * storages: a pickled count; for each the pickled (key, location, class), then the number of its elements in 64 bits
 * and the elements; at the end the pickled list of views, (key, key of the storage, offset, elements) each.
 * tensors: a pickled count; for each the pickled (key, key of its storage, class), then the number of axes in 32 bits,
 * 32 bits that are passed over, sizes, strides and the offset in the storage, in elements, 64 bits each.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { PickleStream } from "../pickle/pickle-stream.js";
import { PickleTuple, shown, type PickleValue } from "../pickle/pickle-values.js";
import { LARGEST_PICKLE } from "./torch-state.js";
import {
  elementType,
  MOST_STORAGES,
  partOf,
  passStorage,
  STORAGES,
  TENSORS,
  type Storage,
} from "./torch-storage.js";
import { NO_GLOBALS, SMALL_PICKLE } from "./torch-system.js";
import { LARGEST_RANK, type TensorView } from "./torch-tensor.js";

/** Storages and views of them, by key. */
export async function readStorages(stream: PickleStream): Promise<ReadonlyMap<string, Storage>> {
  const { source } = stream;
  const storages = new Map<string, Storage>();
  const add = (key: string, storage: Storage): void => {
    if (storages.has(key)) throw weightsErrors.broken(source, `storage ${show(key)}`, "is there twice");
    storages.set(key, storage);
  };
  const count = await readCount(stream, "storages");
  for (let index = 0; index < count; index++) {
    const { value } = await stream.pickle(SMALL_PICKLE, STORAGE_GLOBALS);
    const [id, , className] = itemsOf(value, 3);
    const key = keyOf(id);
    const type = elementType(className, STORAGES);
    if (key === undefined || type === undefined)
      throw weightsErrors.field(
        source,
        `storages: entry ${index}`,
        shown(value),
        "a key, a location and a class",
      );
    add(key, await passStorage(stream, key, type));
  }
  const { value: views } = await stream.pickle(LARGEST_PICKLE, NO_GLOBALS);
  if (!Array.isArray(views)) throw weightsErrors.field(source, "storages: views", shown(views), "a list");
  for (const [index, view] of views.entries()) {
    const at = `storages: view ${index}`;
    const [target, root, offset, elements] = itemsOf(view, 4);
    const key = keyOf(target);
    const storage = storages.get(keyOf(root) ?? "");
    if (key === undefined || storage === undefined)
      throw weightsErrors.field(source, at, shown(view), "a key, a storage's key, an offset and elements");
    add(key, partOf(source, at, storage, { offset, elements }));
  }
  stream.finish();
  return storages;
}

/** Tensors by key, as the file describes them. */
export async function readTensors(
  stream: PickleStream,
  storages: ReadonlyMap<string, Storage>,
): Promise<ReadonlyMap<string, TensorView>> {
  const { source } = stream;
  const tensors = new Map<string, TensorView>();
  const count = await readCount(stream, "tensors");
  for (let index = 0; index < count; index++) {
    const at = `tensors: entry ${index}`;
    const { value } = await stream.pickle(SMALL_PICKLE, TENSOR_GLOBALS);
    const [id, storageId, className] = itemsOf(value, 3);
    const key = keyOf(id);
    const storage = storages.get(keyOf(storageId) ?? "");
    if (key === undefined || storage === undefined)
      throw weightsErrors.field(source, at, shown(value), "a key, a storage's key and a class");
    const type = elementType(className, TENSORS);
    if (type !== storage.type)
      throw weightsErrors.field(source, `${at}: class`, shown(className), `a tensor's of ${storage.type}`);
    if (tensors.has(key) || storages.has(key))
      throw weightsErrors.broken(source, `tensor key ${show(key)}`, "is there twice");
    tensors.set(key, { storage, ...(await readLayout(stream, at)) });
  }
  stream.finish();
  return tensors;
}

/** Sizes, strides and offset of a tensor; whether they can be is seen where it has a name. */
async function readLayout(stream: PickleStream, at: string): Promise<Omit<TensorView, "storage">> {
  // old releases wrote the number of axes as 64 bits of which 32 were its own
  const rank = (await stream.bytes(8)).readInt32LE();
  if (rank < 0 || rank > LARGEST_RANK)
    throw weightsErrors.field(stream.source, `${at}: axes`, rank, `from 0 to ${LARGEST_RANK}`);
  const integers = async (): Promise<number[]> => {
    const numbers: number[] = [];
    for (let axis = 0; axis < rank; axis++) numbers.push(await stream.integer());
    return numbers;
  };
  const shape = await integers();
  const strides = await integers();
  return { shape, strides, offset: await stream.integer() };
}

async function readCount(stream: PickleStream, what: string): Promise<number> {
  const { value } = await stream.pickle(SMALL_PICKLE, NO_GLOBALS);
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MOST_STORAGES)
    throw weightsErrors.field(
      stream.source,
      `${what}: count`,
      shown(value),
      `a whole number from 0 to ${MOST_STORAGES}`,
    );
  return value;
}

/** The items of a tuple of `count`, else nothing. */
const itemsOf = (value: PickleValue, count: number): readonly (PickleValue | undefined)[] =>
  value instanceof PickleTuple && value.items.length === count ? value.items : [];

/** Keys are addresses: integers here, their decimal digits in the state dict. */
const keyOf = (value: PickleValue | undefined): string | undefined =>
  typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))
    ? String(value)
    : undefined;

const STORAGE_GLOBALS: ReadonlySet<string> = new Set(STORAGES.keys());
const TENSOR_GLOBALS: ReadonlySet<string> = new Set(TENSORS.keys());
