/**
 * Zip archives as PyTorch and NumPy write them: members found through the central directory; stored ones are read in place.
 * Local headers are checked for name and place only, since PyTorch leaves their sizes zero.
 * Offsets are bytes from the start of the file; field names are those of PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.16.
 */
import { show } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import { checkCrc, type Checksum } from "./checksums.js";
import { crc32 } from "./crc32.js";
import type { OpenFile, WeightFile } from "./file.js";
import { WindowedFile } from "./windowed.js";

/** `crc` is that of its bytes as they were before they were packed. */
export interface ZipMember extends Checksum {
  /** STORED, DEFLATED, or one that is not read. */
  readonly method: number;
  /** Bytes in the file, the same as `size` where it is stored. */
  readonly packedSize: number;
}

/** Methods of packing. */
export const STORED = 0;
export const DEFLATED = 8;

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const ZIP64_END_SIGNATURE = 0x06064b50;
const END_SIZE = 22;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
/** The zip64 end record and its locator, which PyTorch always writes before the end record. */
const ZIP64_SIZE = 56 + 20;
const LONGEST_COMMENT = 0xffff;
/** A state dict has a member for each of its tensors and three or four more. */
const MOST_MEMBERS = 4096;
const LONGEST_NAME = 255;
const LARGEST_DIRECTORY = 1 << 20;
const ENCRYPTED = 1;

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly entries: number;
}

/**
 * The members by name.
 * @throws AlexNetError WEIGHTS_INVALID naming the member and what is wrong with it.
 */
export async function readZip(file: WeightFile, opened: OpenFile): Promise<ReadonlyMap<string, ZipMember>> {
  const { source } = file;
  const directory = await findDirectory(file, opened);
  const bytes = Buffer.alloc(directory.size);
  await opened.read(directory.offset, bytes);
  const entries: ZipMember[] = [];
  let at = 0;
  for (let index = 0; index < directory.entries; index++) {
    const { member, next } = readEntry(source, bytes, at, index);
    entries.push(member);
    at = next;
  }
  if (at !== bytes.length)
    throw weightsErrors.field(
      source,
      "the central directory's size",
      bytes.length,
      `${at}, as its entries need`,
    );
  return locate(source, opened, entries, directory.offset);
}

/** Members whose CRC-32 is that of bytes of the file. */
export const storedMembers = (members: ReadonlyMap<string, ZipMember>): readonly Checksum[] =>
  [...members.values()].filter(({ method }) => method === STORED);

/** @throws AlexNetError WEIGHTS_INVALID where the member is compressed, so that its bytes cannot be read in place. */
export function checkStored(source: string, { name, method }: ZipMember): void {
  if (method !== STORED)
    throw weightsErrors.refused(
      source,
      `member ${show(name)}`,
      `is compressed (method ${method})`,
      "save it with torch.save, which stores",
    );
}

/** @throws AlexNetError WEIGHTS_INVALID where the member is compressed, or its bytes are not those that were archived. */
export async function readMember(file: WeightFile, opened: OpenFile, member: ZipMember): Promise<Uint8Array> {
  checkStored(file.source, member);
  const bytes = new Uint8Array(member.size);
  await opened.read(member.offset, bytes);
  checkCrc(file.source, member, crc32(bytes));
  return bytes;
}

async function findDirectory({ source, size }: WeightFile, opened: OpenFile): Promise<Directory> {
  const tail = Buffer.alloc(Math.min(size, END_SIZE + LONGEST_COMMENT));
  await opened.read(size - tail.length, tail);
  let at = tail.length - END_SIZE;
  // the comment's length must reach just to the end: anything else is a signature inside a comment, or junk
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === END_SIGNATURE && at + END_SIZE + tail.readUInt16LE(at + 20) === tail.length)
  )
    at--;
  if (at < 0)
    throw weightsErrors.broken(
      source,
      "the zip archive",
      "has no end record at its end: it is cut off or has junk behind it",
    );
  const place = size - tail.length + at;
  const disks = [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)];
  const entries = tail.readUInt16LE(at + 10);
  const directory = { entries, size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
  if (disks.some((disk) => disk !== 0) || tail.readUInt16LE(at + 8) !== entries)
    throw weightsErrors.refused(source, "the zip archive", "spans several files", "join it into one");
  if (entries > MOST_MEMBERS || directory.size > LARGEST_DIRECTORY || directory.offset === 0xffffffff)
    throw weightsErrors.refused(
      source,
      "the zip archive",
      `has ${entries} members and a directory of ${directory.size} bytes at ${directory.offset}; the reader takes up to` +
        ` ${MOST_MEMBERS} members, ${LARGEST_DIRECTORY} bytes and 4 GiB`,
      "save the state dict alone",
    );
  const hasZip64 = at >= ZIP64_SIZE && tail.readUInt32LE(at - ZIP64_SIZE) === ZIP64_END_SIGNATURE;
  const wanted = hasZip64 ? place - ZIP64_SIZE : place;
  const end = directory.offset + directory.size;
  if (end !== wanted)
    throw weightsErrors.field(
      source,
      "the central directory's end",
      end,
      `${wanted}, where the end records start`,
    );
  return directory;
}

function readEntry(
  source: string,
  bytes: Buffer,
  at: number,
  index: number,
): { member: ZipMember; next: number } {
  const entry = `zip entry ${index}`;
  if (at + ENTRY_SIZE > bytes.length || bytes.readUInt32LE(at) !== ENTRY_SIGNATURE)
    throw weightsErrors.broken(source, entry, "has no signature, or lies past the directory");
  const nameLength = bytes.readUInt16LE(at + 28);
  const next = at + ENTRY_SIZE + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  if (next > bytes.length) throw weightsErrors.broken(source, entry, "lies past the directory");
  const name = bytes.toString("utf8", at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength);
  if (!isPlainName(name))
    throw weightsErrors.field(
      source,
      `${entry}: name`,
      name,
      `a relative path of up to ${LONGEST_NAME} characters without "..", "\\" or control characters`,
    );
  const member = `member ${show(name)}`;
  if (bytes.readUInt16LE(at + 8) & ENCRYPTED)
    throw weightsErrors.refused(source, member, "is encrypted", "save it without a password");
  const found = {
    name,
    method: bytes.readUInt16LE(at + 10),
    crc: bytes.readUInt32LE(at + 16),
    packedSize: bytes.readUInt32LE(at + 20),
    size: bytes.readUInt32LE(at + 24),
    offset: bytes.readUInt32LE(at + 42),
  };
  if (found.method === STORED && found.packedSize !== found.size)
    throw weightsErrors.field(source, `${member}: packed size`, found.packedSize, `its size, ${found.size}`);
  return { member: found, next };
}

const isPlainName = (name: string): boolean =>
  name.length <= LONGEST_NAME &&
  /^[^/\\\p{Cc}\uFFFD][^\\\p{Cc}\uFFFD]*$/u.test(name) &&
  !name.split("/").includes("..");

/** Finds where each member's bytes start, and that no two of them share bytes. */
async function locate(
  source: string,
  opened: OpenFile,
  entries: readonly ZipMember[],
  directoryOffset: number,
): Promise<ReadonlyMap<string, ZipMember>> {
  const headers = new WindowedFile(opened, directoryOffset);
  const members = new Map<string, ZipMember>();
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    const member = `member ${show(entry.name)}`;
    if (members.has(entry.name)) throw weightsErrors.broken(source, member, "is there twice");
    if (members.size === 0 && entry.offset !== 0)
      throw weightsErrors.field(source, `${member}: offset`, entry.offset, "0 for the first member");
    if (entry.offset < end)
      throw weightsErrors.field(
        source,
        `${member}: offset`,
        entry.offset,
        `at least ${end}, where the member before it ends`,
      );
    const name = Buffer.from(entry.name);
    const local = Buffer.alloc(LOCAL_SIZE + name.length);
    if (entry.offset + local.length > directoryOffset)
      throw weightsErrors.field(
        source,
        `${member}: offset`,
        entry.offset,
        `before the directory at ${directoryOffset}`,
      );
    await headers.read(entry.offset, local);
    if (
      local.readUInt32LE(0) !== LOCAL_SIGNATURE ||
      local.readUInt16LE(26) !== name.length ||
      !name.equals(local.subarray(LOCAL_SIZE))
    )
      throw weightsErrors.broken(source, member, "has another name in its local header");
    const offset = entry.offset + local.length + local.readUInt16LE(28);
    end = offset + entry.packedSize;
    if (end > directoryOffset)
      throw weightsErrors.field(source, `${member}: end`, end, `before the directory at ${directoryOffset}`);
    members.set(entry.name, { ...entry, offset });
  }
  return members;
}
