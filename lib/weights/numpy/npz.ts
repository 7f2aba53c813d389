/**
 * NumPy's .npz (np.savez, np.savez_compressed): a zip archive of .npy members, one a tensor, named LAYER.weight.npy or
 * as PyTorch names them, in the logical layout. Stored members are read in place, deflated ones are unpacked when they
 * are read; the CRC-32 of both is checked then.
 */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import { elementsOf } from "../../network/shapes.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { BYTES_PER_ELEMENT } from "../numbers.js";
import type { FileContents, StoredTensor } from "../stored.js";
import { LARGEST_SPAN, rowMajor } from "../strided.js";
import { DEFLATED, readZip, STORED, storedMembers, type ZipMember } from "../zip.js";
import { checkRatio, inflateHead, inflateMember } from "../zip-inflate.js";
import { dtypeOf } from "./dtypes.js";
import { NPY_HEAD_BYTES, parseNpyHeader } from "./npy-header.js";

const EXTENSION = ".npy";
/** Arrays: AlexNet has 16, and the header of each is read, and unpacked, before anything else. */
const MOST_ARRAYS = 256;

export const npz: WeightFormat = {
  name: "npz",
  matches: (head) => firstName(head).endsWith(EXTENSION),
  read: (file) => file.use((opened) => readNpz(file, opened)),
};

/** The name in the local header that the file starts with, which tells a .npz from PyTorch's zip; "" without one. */
function firstName(head: Uint8Array): string {
  const bytes = Buffer.from(head);
  if (bytes.length < 30 || !bytes.subarray(0, 4).equals(Buffer.from("PK\x03\x04", "latin1"))) return "";
  return bytes.toString("latin1", 30, 30 + bytes.readUInt16LE(26));
}

async function readNpz(file: WeightFile, opened: OpenFile): Promise<FileContents> {
  const members = await readZip(file, opened);
  if (members.size > MOST_ARRAYS)
    throw weightsErrors.refused(
      file.source,
      "the zip archive",
      `has ${members.size} arrays, more than ${MOST_ARRAYS}`,
      "save those of one network alone",
    );
  const tensors = new Map<string, StoredTensor>();
  let unpackedBytes = 0;
  for (const member of members.values()) {
    if (member.method === DEFLATED) unpackedBytes += member.size;
    const tensor = await readMemberTensor(file.source, opened, member);
    tensors.set(tensor.name, tensor);
  }
  return { tensors, unpackedBytes, checksums: storedMembers(members) };
}

async function readMemberTensor(source: string, opened: OpenFile, member: ZipMember): Promise<StoredTensor> {
  const at = `member ${show(member.name)}`;
  if (!member.name.endsWith(EXTENSION))
    throw weightsErrors.refused(source, at, "is no .npy file", "save the arrays alone with np.savez");
  const name = member.name.slice(0, -EXTENSION.length);
  const head = await headOf(source, opened, member);
  const { descr, fortranOrder, shape, dataOffset } = parseNpyHeader(`${source}: ${at}`, head);
  const dtype = dtypeOf(source, name, descr);
  const elements = elementsOf(shape);
  const size = dataOffset + elements * BYTES_PER_ELEMENT[dtype];
  if (elements < 1 || size !== member.size)
    throw weightsErrors.field(
      source,
      `${at}: size`,
      member.size,
      elements < 1
        ? "that of an array with elements"
        : `${size}, as shape [${shape.join(", ")}] of ${descr} needs`,
    );
  const strides = fortranOrder ? rowMajor([...shape].reverse()).toReversed() : undefined;
  if (elements > LARGEST_SPAN && (strides !== undefined || member.method === DEFLATED))
    throw weightsErrors.refused(
      source,
      at,
      `has ${elements} elements, more than ${LARGEST_SPAN} that are unpacked or transposed`,
      "save it with np.savez in C order",
    );
  const tensor = { name, shape, dtype, ...(strides && { strides }) };
  if (member.method === STORED) return { ...tensor, offset: member.offset + dataOffset };
  return { ...tensor, offset: dataOffset, unpack: (file) => inflateMember(source, file, member) };
}

async function headOf(source: string, opened: OpenFile, member: ZipMember): Promise<Uint8Array> {
  if (member.method === DEFLATED) {
    checkRatio(source, member);
    return inflateHead(source, opened, member, NPY_HEAD_BYTES);
  }
  if (member.method !== STORED)
    throw weightsErrors.refused(
      source,
      `member ${show(member.name)}`,
      `is packed by method ${member.method}, which is neither stored nor deflated`,
      "save it with np.savez",
    );
  const head = new Uint8Array(Math.min(NPY_HEAD_BYTES, member.size));
  await opened.read(member.offset, head);
  return head;
}
