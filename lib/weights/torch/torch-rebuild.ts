/** Tensors as pickles of 0.1.10 and later have them: calls of torch._utils._rebuild_tensor on a storage. */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import { kindOf, PickleCall, PickleTuple, shown, type PickleValue } from "../pickle/pickle-values.js";
import { STATE_GLOBALS, type ReadView } from "./torch-state.js";
import {
  ELEMENT_BYTES,
  partOf,
  SAVE_STATE,
  STORAGES,
  storageId,
  type Storage,
  type StorageBytes,
} from "./torch-storage.js";
import type { TensorPlace } from "./torch-tensor.js";

const REBUILD = new Set(["torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2"]);

/** Every import that a state dict of such tensors may hold. */
export const TORCH_GLOBALS: ReadonlySet<string> = new Set([...STATE_GLOBALS, ...REBUILD, ...STORAGES.keys()]);

/** Finds the bytes of a storage by its key. */
export type FindStorage = (key: string) => StorageBytes | undefined;

/** Reads tensors whose storages `find` knows. */
export const rebuiltTensors =
  (find: FindStorage): ReadView =>
  (place, value) => {
    if (!(value instanceof PickleCall) || !REBUILD.has(value.callee))
      throw place.refused(`is ${kindOf(value)}, not a tensor`, SAVE_STATE);
    const [persistent, offset, size, stride] = value.args;
    return {
      storage: storageOf(place, persistent, find),
      offset: shown(offset),
      shape: numbers(place, "size", size),
      strides: numbers(place, "stride", stride),
    };
  };

function storageOf(place: TensorPlace, persistent: PickleValue | undefined, find: FindStorage): Storage {
  const { source } = place;
  const { type, key, elements, part } = storageId(source, place.at("storage"), persistent);
  const bytes = find(key);
  if (bytes === undefined)
    throw weightsErrors.broken(source, place.at("storage"), `${show(key)} is not in the file`);
  if (elements * ELEMENT_BYTES[type] !== bytes.size)
    throw place.field(
      "storage elements",
      elements,
      `${bytes.size / ELEMENT_BYTES[type]}, as its ${bytes.size} bytes of ${type} are`,
    );
  const whole = { type, offset: bytes.offset, elements };
  return part ? partOf(source, place.at("view"), whole, part) : whole;
}

function numbers(place: TensorPlace, field: string, value: PickleValue | undefined): Shape {
  const items = value instanceof PickleTuple ? value.items : undefined;
  if (!items?.every((item) => typeof item === "number"))
    throw place.field(field, shown(value), "a tuple of whole numbers from 0");
  return items;
}
