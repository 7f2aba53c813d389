/**
 * PyTorch's stream files (torch.save of 0.1.10 to 1.5): five pickles, one behind the other - a magic number, the
 * protocol version, sys_info, the state dict, the keys of the storages - and then the storages in the order of their
 * keys, each the number of its elements in 64 bits and the elements. Facts from torch/serialization.py, _legacy_save
 * and _legacy_load. Python 2 wrote other opcodes for the same; both are read.
 *
 * A storage's type stands only where a tensor names it, so storages are found in the pickle first, those of other
 * entries of a checkpoint too. The format has no checksum: the storages must fill the file to its last byte.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { PickleStream } from "../pickle/pickle-stream.js";
import { shown, type PicklePersistent, type PickleValue } from "../pickle/pickle-values.js";
import type { FileContents } from "../stored.js";
import { rebuiltTensors, TORCH_GLOBALS } from "./torch-rebuild.js";
import { LARGEST_PICKLE, stateTensors } from "./torch-state.js";
import {
  ELEMENT_BYTES,
  MOST_STORAGES,
  passStorage,
  storageId,
  type StorageBytes,
  type StorageId,
} from "./torch-storage.js";
import { checkSystem, checkVersion, NO_GLOBALS, SMALL_PICKLE } from "./torch-system.js";

/** 0x1950a86a20f9469cfc6c as LONG1, behind PROTO and its version. */
const MAGIC = Buffer.from("8a0a6cfc9c46f9206aa850192e", "hex");
const PROTO = 0x80;
const VERSION = 1001;

export const torchLegacy: WeightFormat = {
  name: "torch-legacy",
  matches: (head) => head[0] === PROTO && MAGIC.equals(head.subarray(2, 2 + MAGIC.length)),
  read: (file) => file.use((opened) => readTorchLegacy(file, opened)),
};

async function readTorchLegacy({ source, size }: WeightFile, opened: OpenFile): Promise<FileContents> {
  const stream = new PickleStream(source, opened, { what: "the stream", start: 0, size });
  await stream.pickle(SMALL_PICKLE, NO_GLOBALS); // the magic number, by which the file was told
  const version = await stream.pickle(SMALL_PICKLE, NO_GLOBALS);
  checkVersion(source, "the protocol version", version.value, VERSION);
  await checkSystem(stream, VERSION);
  const state = await stream.pickle(LARGEST_PICKLE, TORCH_GLOBALS);
  const keys = await stream.pickle(LARGEST_PICKLE, NO_GLOBALS);
  const storages = await findStorages(stream, keys.value, namedStorages(source, state.persistents));
  stream.finish();
  return {
    tensors: stateTensors(
      source,
      state.value,
      rebuiltTensors((key) => storages.get(key)),
    ),
  };
}

/** The storages that the pickle names, by key. A key, also that of a view of one, means the same wherever it stands. */
function namedStorages(
  source: string,
  persistents: readonly PicklePersistent[],
): ReadonlyMap<string, StorageId> {
  const storages = new Map<string, StorageId>();
  const meanings = new Map<string, StorageId>();
  const checkMeaning = (key: string, id: StorageId): void => {
    if (!isSame(meanings.get(key) ?? id, id))
      throw weightsErrors.broken(source, `storage ${show(key)}`, "is named twice and not alike");
    meanings.set(key, id);
  };
  for (const persistent of persistents) {
    const { part, ...storage } = storageId(source, "a persistent id", persistent);
    checkMeaning(storage.key, storage);
    if (part) checkMeaning(part.key, { ...storage, part });
    storages.set(storage.key, storage);
  }
  return storages;
}

const isSame = (a: StorageId, b: StorageId): boolean =>
  a.type === b.type &&
  a.key === b.key &&
  a.elements === b.elements &&
  a.part?.key === b.part?.key &&
  a.part?.offset === b.part?.offset &&
  a.part?.elements === b.part?.elements;

/** Where the storages lie: each that is named must be in the list of keys once, and no other. */
async function findStorages(
  stream: PickleStream,
  keys: PickleValue,
  named: ReadonlyMap<string, StorageId>,
): Promise<ReadonlyMap<string, StorageBytes>> {
  const { source } = stream;
  const found = new Map<string, StorageBytes>();
  if (!Array.isArray(keys))
    throw weightsErrors.field(source, "storage keys", shown(keys), "a list of strings");
  if (keys.length > MOST_STORAGES)
    throw weightsErrors.refused(
      source,
      "storage keys",
      `are ${keys.length}, more than ${MOST_STORAGES}`,
      "save the state dict alone",
    );
  for (const key of keys) {
    const id = typeof key === "string" ? named.get(key) : undefined;
    if (id === undefined)
      throw weightsErrors.field(source, "a storage key", shown(key), "one that a tensor names");
    if (found.has(id.key)) throw weightsErrors.broken(source, `storage ${show(id.key)}`, "is there twice");
    const { offset, elements } = await passStorage(stream, id.key, id.type);
    if (elements !== id.elements)
      throw weightsErrors.field(
        source,
        `storage ${show(id.key)}: elements`,
        elements,
        `${id.elements}, as the state dict says`,
      );
    found.set(id.key, { offset, size: elements * ELEMENT_BYTES[id.type] });
  }
  for (const key of named.keys())
    if (!found.has(key))
      throw weightsErrors.broken(source, `storage ${show(key)}`, "is not in the list of storage keys");
  return found;
}
