/** Small files built by hand, and built wrong where a test wants them so. */
import { crc32 } from "../../../lib/weights/crc32.js";

/** A safetensors file: the header's length, the header as it is given, and data. */
export function safetensorsBytes(header: string | object, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, data]);
}

export const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

export interface MemberParts {
  readonly name: string;
  readonly data: Uint8Array;
  /** Fields of the central entry and of the local header that differ from what is right. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  readonly offset?: number;
  readonly localName?: string;
  readonly localSignature?: number;
}

export interface ZipParts {
  readonly entries?: number;
  readonly entriesOnDisk?: number;
  readonly directorySize?: number;
  readonly directoryOffset?: number;
  readonly disk?: number;
  readonly leading?: Uint8Array;
  readonly trailing?: Uint8Array;
  readonly comment?: string;
}

export function zipBytes(members: readonly MemberParts[], parts: ZipParts = {}): Buffer {
  const body: Uint8Array[] = [parts.leading ?? Buffer.alloc(0)];
  const central: Buffer[] = [];
  let at = body[0].length;
  for (const member of members) {
    const name = Buffer.from(member.localName ?? member.name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(member.localSignature ?? 0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const centralName = Buffer.from(member.name);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(member.flags ?? 0, 8);
    entry.writeUInt16LE(member.method ?? 0, 10);
    entry.writeUInt32LE(member.crc ?? crc32(member.data), 16);
    entry.writeUInt32LE(member.packedSize ?? member.size ?? member.data.length, 20);
    entry.writeUInt32LE(member.size ?? member.data.length, 24);
    entry.writeUInt16LE(centralName.length, 28);
    entry.writeUInt32LE(member.offset ?? at, 42);
    central.push(entry, centralName);
    body.push(local, name, member.data);
    at += local.length + name.length + member.data.length;
  }
  const directory = Buffer.concat(central);
  const comment = Buffer.from(parts.comment ?? "");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(parts.disk ?? 0, 4);
  end.writeUInt16LE(parts.entriesOnDisk ?? parts.entries ?? members.length, 8);
  end.writeUInt16LE(parts.entries ?? members.length, 10);
  end.writeUInt32LE(parts.directorySize ?? directory.length, 12);
  end.writeUInt32LE(parts.directoryOffset ?? at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...body, directory, end, comment, parts.trailing ?? Buffer.alloc(0)]);
}

/** Opcodes with their arguments, as pickletools names them. */
export const op = {
  proto: Buffer.from([0x80, 2]),
  mark: Buffer.from("("),
  stop: Buffer.from("."),
  none: Buffer.from("N"),
  int: (value: number): Buffer => {
    const bytes = Buffer.alloc(5, "J");
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  text: (value: string): Buffer => {
    const text = Buffer.from(value);
    const head = Buffer.alloc(5, "X");
    head.writeUInt32LE(text.length, 1);
    return Buffer.concat([head, text]);
  },
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  tuple: (...items: Buffer[]): Buffer => Buffer.concat([op.mark, ...items, Buffer.from("t")]),
  dict: (...items: Buffer[]): Buffer =>
    Buffer.concat([Buffer.from("}"), op.mark, ...items, Buffer.from("u")]),
  reduce: (callee: Buffer, args: Buffer): Buffer => Buffer.concat([callee, args, Buffer.from("R")]),
  persistent: (id: Buffer): Buffer => Buffer.concat([id, Buffer.from("Q")]),
};

export const pickleBytes = (...parts: Buffer[]): Buffer => Buffer.concat([op.proto, ...parts, op.stop]);

export interface TensorParts {
  readonly key?: string;
  readonly type?: string;
  readonly elements?: number;
  readonly offset?: number;
  readonly size?: readonly number[];
  readonly stride?: readonly number[];
  /** Behind the storage's elements: views of storages, in files of before 1.6. */
  readonly view?: Buffer;
}

/** A tensor as torch.save writes it; by default two floats of storage "0". */
export function tensorPickle(parts: TensorParts = {}): Buffer {
  const numbers = (values: readonly number[]) => op.tuple(...values.map(op.int));
  const storage = op.tuple(
    op.text("storage"),
    op.global("torch", parts.type ?? "FloatStorage"),
    op.text(parts.key ?? "0"),
    op.text("cpu"),
    op.int(parts.elements ?? 2),
    ...(parts.view ? [parts.view] : []),
  );
  return op.reduce(
    op.global("torch._utils", "_rebuild_tensor_v2"),
    op.tuple(
      op.persistent(storage),
      op.int(parts.offset ?? 0),
      numbers(parts.size ?? [2]),
      numbers(parts.stride ?? [1]),
      op.none,
      op.none,
    ),
  );
}

/** A PyTorch file with this state dict; storages by key, "0" with two floats where missing. */
export function torchBytes(
  pickle: Buffer,
  storages: Readonly<Record<string, Buffer>> = { 0: floats(1, 2) },
): Buffer {
  return zipBytes([
    { name: "archive/data.pkl", data: pickle },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
  ]);
}
