/**
 * PyTorch's zip files (torch.save since 1.6): ROOT/data.pkl is the pickle of the state dict, ROOT/data/KEY the bytes
 * of each storage, ROOT/byteorder "little" where it is told.
 *
 * A storage's size in the directory must be what the pickle says it holds, and its bytes must lie in the file and be no
 * other member's. The CRC-32 of data.pkl is checked at once, those of the storages as they stream: 244 MB would have to
 * be read before the first use.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { readPickle } from "../pickle/pickle.js";
import type { FileContents } from "../stored.js";
import { checkStored, readMember, readZip, storedMembers, type ZipMember } from "../zip.js";
import { rebuiltTensors, TORCH_GLOBALS } from "./torch-rebuild.js";
import { LARGEST_PICKLE, stateTensors } from "./torch-state.js";
import type { StorageBytes } from "./torch-storage.js";

const PICKLE = "data.pkl";

export const torchZip: WeightFormat = {
  name: "torch-zip",
  matches: (head) => Buffer.from(head.subarray(0, 4)).equals(Buffer.from("PK\x03\x04", "latin1")),
  read: (file) => file.use((opened) => readTorchZip(file, opened)),
};

async function readTorchZip(file: WeightFile, opened: OpenFile): Promise<FileContents> {
  const { source } = file;
  const members = await readZip(file, opened);
  const pickle = findPickle(source, members);
  const root = pickle.name.slice(0, -PICKLE.length);
  if (members.has(`${root}constants.pkl`))
    throw weightsErrors.unsupported(
      source,
      "a TorchScript archive (constants.pkl)",
      "save the state dict: torch.save(model.state_dict(), path)",
    );
  await checkByteOrder(file, opened, members.get(`${root}byteorder`));
  const { size } = pickle;
  if (size > LARGEST_PICKLE)
    throw weightsErrors.refused(
      source,
      `member ${show(pickle.name)}`,
      `has ${size} bytes, more than ${LARGEST_PICKLE}`,
      "save the state dict alone",
    );
  const bytes = await readMember(file, opened, pickle);
  const { value, end } = readPickle({ source, member: pickle.name, bytes, start: 0, globals: TORCH_GLOBALS });
  if (end !== size) throw weightsErrors.broken(source, pickle.name, `goes on behind its end at byte ${end}`);
  const find = (key: string): StorageBytes | undefined => {
    const member = members.get(`${root}data/${key}`);
    if (member) checkStored(source, member);
    return member;
  };
  return {
    tensors: stateTensors(source, value, rebuiltTensors(find)),
    checksums: storedMembers(members),
  };
}

function findPickle(source: string, members: ReadonlyMap<string, ZipMember>): ZipMember {
  const pickles = [...members.values()].filter(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickles.length === 1) return pickles[0];
  if (pickles.length > 1)
    throw weightsErrors.broken(source, "the zip archive", `has ${pickles.length} members named ${PICKLE}`);
  throw weightsErrors.unsupported(
    source,
    `a zip archive without ${PICKLE}`,
    "give the file that torch.save wrote",
  );
}

async function checkByteOrder(
  file: WeightFile,
  opened: OpenFile,
  member: ZipMember | undefined,
): Promise<void> {
  if (member === undefined) return;
  const at = `member ${show(member.name)}`;
  if (member.size > 16) throw weightsErrors.field(file.source, `${at}: size`, member.size, "at most 16");
  const order = Buffer.from(await readMember(file, opened, member)).toString("latin1");
  if (order !== "little")
    throw weightsErrors.refused(
      file.source,
      at,
      `is ${show(order)}, not "little"`,
      "save it on a little-endian machine",
    );
}
