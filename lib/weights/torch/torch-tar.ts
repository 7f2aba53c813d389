/**
 * PyTorch's tar files (torch.save of before 0.1.10): the members sys_info, pickle (the state dict, in which a tensor is
 * its key as a decimal string), tensors and storages. Facts from torch/serialization.py, legacy_load in _legacy_load.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { PickleStream } from "../pickle/pickle-stream.js";
import { kindOf, PicklePersistent, PickleTuple, shown } from "../pickle/pickle-values.js";
import type { FileContents } from "../stored.js";
import { readTar, type TarMember } from "../tar.js";
import { LARGEST_PICKLE, STATE_GLOBALS, stateTensors, type ReadView } from "./torch-state.js";
import { moduleRefused, SAVE_STATE } from "./torch-storage.js";
import { checkSystem } from "./torch-system.js";
import { readStorages, readTensors } from "./torch-tar-tables.js";
import type { TensorView } from "./torch-tensor.js";

const USTAR = Buffer.from("ustar");
const USTAR_OFFSET = 257;
const VERSION = 1000;
const MEMBERS = ["sys_info", "pickle", "tensors", "storages"] as const;

export const torchTar: WeightFormat = {
  name: "torch-tar",
  matches: (head) => USTAR.equals(head.subarray(USTAR_OFFSET, USTAR_OFFSET + USTAR.length)),
  read: (file) => file.use((opened) => readTorchTar(file, opened)),
};

async function readTorchTar(file: WeightFile, opened: OpenFile): Promise<FileContents> {
  const { source } = file;
  const members = findMembers(source, await readTar(file, opened));
  const [system, pickle, tensors, storages] = members.map(
    ({ name, offset, size }) => new PickleStream(source, opened, { what: name, start: offset, size }),
  );
  await checkSystem(system, VERSION);
  system.finish();
  const views = await readTensors(tensors, await readStorages(storages));
  const state = await pickle.pickle(LARGEST_PICKLE, STATE_GLOBALS);
  pickle.finish();
  for (const { id } of state.persistents) {
    // all are strings, but for the tuples of modules
    if (id instanceof PickleTuple) throw moduleRefused(source, "a persistent id");
    if (typeof id !== "string")
      throw weightsErrors.field(source, "a persistent id", shown(id), "a key in decimal digits");
  }
  return { tensors: stateTensors(source, state.value, viewsOf(views)) };
}

/** The four members, in the order of MEMBERS. */
function findMembers(source: string, found: ReadonlyMap<string, TarMember>): readonly TarMember[] {
  const members = MEMBERS.map((name) => {
    const member = found.get(name);
    if (member === undefined)
      throw weightsErrors.unsupported(
        source,
        `a tar archive without ${show(name)}`,
        "give the file that torch.save wrote",
      );
    return member;
  });
  const other = [...found.values()].find((member) => !members.includes(member));
  if (other)
    throw weightsErrors.refused(
      source,
      `member ${show(other.name)}`,
      `is none of ${MEMBERS.join(", ")}`,
      "give the file that torch.save wrote",
    );
  return members;
}

const viewsOf =
  (views: ReadonlyMap<string, TensorView>): ReadView =>
  (place, value) => {
    const id = value instanceof PicklePersistent ? value.id : undefined;
    const view = typeof id === "string" ? views.get(id) : undefined;
    if (view) return view;
    throw typeof id === "string"
      ? place.field("key", id, "one in the member tensors")
      : place.refused(`is ${kindOf(value)}, not a tensor`, SAVE_STATE);
  };
