/**
 * Tar archives as Python's tarfile writes them (format PAX_FORMAT, which PyTorch chose): ustar headers of 512 bytes,
 * each with its member's bytes behind it, before some of them a pax header with attributes that do not fit, at the end
 * two blocks of zeros and zeros up to a whole record. Members are read in place, never unpacked.
 * Fields and their offsets are those of POSIX's pax, "ustar Interchange Format"; names are compared as they stand.
 */
import { show } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import type { OpenFile, WeightFile } from "./file.js";

export interface TarMember {
  readonly name: string;
  /** Where its bytes start. */
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
/** Python writes files of whole records. */
const RECORD = 20 * BLOCK;
const END = 2 * BLOCK;
/** PyTorch's files have four. */
const MOST_HEADERS = 64;
const LARGEST_PAX = 1 << 16;
/** Bytes in which a record's length and key must end. */
const LONGEST_KEY = 128;
const FILE_TYPES = ["0", "\0"];
const PAX_TYPE = "x";
/** Attributes that say nothing about a member's bytes; Python writes mtime, a float, for every file that it adds. */
const PAX_KEYS = new Set(["atime", "ctime", "gid", "gname", "mtime", "uid", "uname"]);
const WRITTEN = "give the file that torch.save wrote";

interface Header extends TarMember {
  readonly type: string;
}

/**
 * The members by name; all are plain files.
 * @throws AlexNetError WEIGHTS_INVALID naming the member or the byte, and what is wrong with it.
 */
export async function readTar(file: WeightFile, opened: OpenFile): Promise<ReadonlyMap<string, TarMember>> {
  const { source, size } = file;
  if (size % RECORD !== 0)
    throw weightsErrors.field(source, "the tar archive's size", size, `a multiple of ${RECORD}`);
  const members = new Map<string, TarMember>();
  let at = 0;
  let pax: Header | undefined;
  for (let count = 0; ; count++) {
    const header = await readHeader(file, opened, at);
    if (header === undefined) break;
    if (count === MOST_HEADERS)
      throw weightsErrors.refused(
        source,
        "the tar archive",
        `has more than ${MOST_HEADERS} headers`,
        WRITTEN,
      );
    const member = `member ${show(header.name)}`;
    if (header.type === PAX_TYPE) {
      if (pax) throw weightsErrors.broken(source, `the pax header at byte ${at}`, "follows another one");
      await checkPax(source, opened, header);
    } else if (!FILE_TYPES.includes(header.type))
      throw weightsErrors.refused(
        source,
        member,
        `is of type ${show(header.type)}, not a plain file ("0")`,
        WRITTEN,
      );
    else if (members.has(header.name)) throw weightsErrors.broken(source, member, "is there twice");
    else members.set(header.name, { name: header.name, offset: header.offset, size: header.size });
    pax = header.type === PAX_TYPE ? header : undefined;
    at = header.offset + Math.ceil(header.size / BLOCK) * BLOCK;
  }
  if (pax) throw weightsErrors.broken(source, "the last pax header", "has no member behind it");
  await checkEnd(file, opened, at);
  return members;
}

/** The header at byte `at`, its member inside the file; nothing where the end begins. */
async function readHeader(
  { source, size }: WeightFile,
  opened: OpenFile,
  at: number,
): Promise<Header | undefined> {
  const place = `the tar header at byte ${at}`;
  if (at + BLOCK > size) throw weightsErrors.broken(source, place, "lies past the file's end");
  const block = Buffer.alloc(BLOCK);
  await opened.read(at, block);
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (start: number, length: number): string => block.toString("latin1", start, start + length);
  const magic = text(257, 8);
  if (magic !== "ustar\u000000")
    throw weightsErrors.field(source, `${place}: magic and version`, magic, '"ustar", a zero and "00"');
  const checksum = octal(text(148, 8));
  // the checksum's own bytes count as spaces
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (checksum !== sum)
    throw weightsErrors.field(
      source,
      `${place}: checksum`,
      checksum ?? text(148, 8),
      `${sum}, the sum of its bytes`,
    );
  const [name] = text(0, 100).split("\0", 1);
  if (!/^[\x21-\x7e]+$/.test(name) || block[345] !== 0)
    throw weightsErrors.field(source, `${place}: name`, name, "ASCII without spaces, and without a prefix");
  const length = octal(text(124, 12));
  const offset = at + BLOCK;
  if (length === undefined || length > size - offset)
    throw weightsErrors.field(
      source,
      `${place}: size`,
      length ?? text(124, 12),
      `octal digits of at most ${size - offset}, the bytes that are left`,
    );
  return { name, offset, size: length, type: text(156, 1) };
}

/** A number in octal digits, with zeros or spaces behind it. */
function octal(text: string): number | undefined {
  const found = /^ *([0-7]+)[ \0]*$/.exec(text);
  return found ? parseInt(found[1], 8) : undefined;
}

/** Checks that no attribute gives the next member another name, size or target: records of "LENGTH KEY=VALUE\n". */
async function checkPax(source: string, opened: OpenFile, { offset, size }: Header): Promise<void> {
  const place = `the pax header at byte ${offset - BLOCK}`;
  if (size > LARGEST_PAX)
    throw weightsErrors.refused(source, place, `has ${size} bytes, more than ${LARGEST_PAX}`, WRITTEN);
  const bytes = Buffer.alloc(size);
  await opened.read(offset, bytes);
  for (let at = 0; at < size;) {
    const found = /^([1-9][0-9]{0,5}) ([^=\n]+)=/.exec(bytes.toString("latin1", at, at + LONGEST_KEY));
    const end = at + Number(found?.[1]);
    if (!found || end > size || end <= at + found[0].length || bytes[end - 1] !== 0x0a)
      throw weightsErrors.broken(source, `${place}: the record at byte ${at}`, 'is no "LENGTH KEY=VALUE"');
    const [, , key] = found;
    if (!PAX_KEYS.has(key))
      throw weightsErrors.refused(source, place, `sets ${show(key)}, which no file needs`, WRITTEN);
    at = end;
  }
}

/** Checks that zeros alone are left from byte `at` on: two blocks, and no more than fill the record. */
async function checkEnd({ source, size }: WeightFile, opened: OpenFile, at: number): Promise<void> {
  const left = size - at;
  if (left < END || left >= END + RECORD)
    throw weightsErrors.field(
      source,
      "bytes behind the last member",
      left,
      `${END} and what fills a record of ${RECORD}`,
    );
  const bytes = new Uint8Array(left);
  await opened.read(at, bytes);
  const junk = bytes.findIndex((byte) => byte !== 0);
  if (junk >= 0)
    throw weightsErrors.field(source, `byte ${at + junk} behind the last member`, bytes[junk], "0");
}
