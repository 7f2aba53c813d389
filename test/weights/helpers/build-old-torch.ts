/** PyTorch's files of before 1.6, and tar archives, built by hand, and built wrong where a test wants them so. */
import { floats, op, pickleBytes } from "./build.js";

export const int64 = (...values: (number | bigint)[]): Buffer => {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => bytes.writeBigInt64LE(BigInt(value), 8 * index));
  return bytes;
};
export const list = (...items: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from("]("), ...items, Buffer.from("e")]);
/** NEWTRUE. */
export const yes = Buffer.from([0x88]);
/** NEWFALSE. */
export const no = Buffer.from([0x89]);

export const MAGIC = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");

export const system = (version: number, little = yes): Buffer =>
  op.dict(op.text("protocol_version"), op.int(version), op.text("little_endian"), little);

/** Parts of a stream; each is a pickle without PROTO and STOP but for `storages` and `tail`. */
export interface LegacyParts {
  readonly version?: Buffer;
  readonly system?: Buffer;
  readonly keys?: Buffer;
  /** The number of elements in 64 bits and the elements, one storage behind the other. */
  readonly storages?: Buffer;
  readonly tail?: Buffer;
}

/** A stream with this state dict; by default storage "0" with two floats. */
export function legacyBytes(state: Buffer, parts: LegacyParts = {}): Buffer {
  return Buffer.concat([
    MAGIC,
    pickleBytes(parts.version ?? op.int(1001)),
    pickleBytes(parts.system ?? system(1001)),
    pickleBytes(state),
    pickleBytes(parts.keys ?? list(op.text("0"))),
    parts.storages ?? Buffer.concat([int64(2), floats(1, 2)]),
    parts.tail ?? Buffer.alloc(0),
  ]);
}

export interface TarMemberParts {
  readonly name: string;
  readonly data?: Uint8Array;
  /** Fields of the header as they stand there. */
  readonly type?: string;
  readonly size?: string;
  readonly magic?: string;
  readonly checksum?: string;
  readonly prefix?: string;
}

const BLOCK = 512;
const RECORD = 20 * BLOCK;

/** A tar archive; `end`: what stands behind the members, by default zeros up to a record. */
export function tarBytes(members: readonly TarMemberParts[], end?: Buffer): Buffer {
  const blocks = members.flatMap(({ name, data = Buffer.alloc(0), ...fields }) => {
    const header = Buffer.alloc(BLOCK);
    header.write(name, "latin1");
    header.write(fields.size ?? data.length.toString(8).padStart(11, "0"), 124, "latin1");
    header.write(fields.type ?? "0", 156, "latin1");
    header.write(fields.magic ?? "ustar\u000000", 257, "latin1");
    header.write(fields.prefix ?? "", 345, "latin1");
    header.write(fields.checksum ?? tarChecksum(header), 148, "latin1");
    return [header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
  });
  const body = Buffer.concat(blocks);
  const zeros = Math.ceil((body.length + 2 * BLOCK) / RECORD) * RECORD - body.length;
  return Buffer.concat([body, end ?? Buffer.alloc(zeros)]);
}

/** The checksum of a header, with the zero and the space that stand behind it. */
export function tarChecksum(header: Uint8Array): string {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return `${sum.toString(8).padStart(6, "0")}\0 `;
}

/** A record of a pax header. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const digits = [2, 3, 4].find((count) => String(rest.length + count).length === count) ?? 1;
  return `${rest.length + digits}${rest}`;
}

/** The members of a PyTorch tar file; by default tensor 20, two floats in storage 10, is "w" in the state dict. */
export interface TarParts {
  readonly sys_info?: Buffer;
  readonly pickle?: Buffer;
  readonly tensors?: Buffer;
  readonly storages?: Buffer;
}

export const storageEntry = (
  key: number,
  type = "FloatStorage",
  content: Buffer = Buffer.concat([int64(2), floats(1, 2)]),
) => Buffer.concat([pickleBytes(op.tuple(op.int(key), op.text("cpu"), op.global("torch", type))), content]);

export interface TensorEntryParts {
  readonly key?: Buffer;
  readonly storage?: Buffer;
  readonly module?: string;
  readonly type?: string;
  readonly rank?: number;
  readonly size?: readonly (number | bigint)[];
  readonly stride?: readonly (number | bigint)[];
  readonly offset?: number | bigint;
}

export function tensorEntry(parts: TensorEntryParts = {}): Buffer {
  const { size = [2], stride = [1] } = parts;
  const rank = Buffer.alloc(8, 0xee); // the upper half is passed over
  rank.writeInt32LE(parts.rank ?? size.length);
  const type = op.global(parts.module ?? "torch", parts.type ?? "FloatTensor");
  return Buffer.concat([
    pickleBytes(op.tuple(parts.key ?? op.int(20), parts.storage ?? op.int(10), type)),
    rank,
    int64(...size, ...stride, parts.offset ?? 0),
  ]);
}

/** The member tensors, or storages without its views. */
export const table = (...entries: Buffer[]): Buffer =>
  Buffer.concat([pickleBytes(op.int(entries.length)), ...entries]);
export const views = (...entries: Buffer[]): Buffer => pickleBytes(list(...entries));

export const tarParts = (parts: TarParts = {}): Required<TarParts> => ({
  sys_info: pickleBytes(system(1000)),
  pickle: pickleBytes(op.dict(op.text("w"), op.persistent(op.text("20")))),
  tensors: table(tensorEntry()),
  storages: Buffer.concat([table(storageEntry(10)), views()]),
  ...parts,
});

export const tarTorchBytes = (parts: TarParts = {}): Buffer =>
  tarBytes(Object.entries(tarParts(parts)).map(([name, data]: [string, Buffer]) => ({ name, data })));
