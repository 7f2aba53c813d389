/** Deflated members of zip archives, unpacked as far as they are wanted and never further than they may go. */
import { createInflateRaw } from "node:zlib";
import { Readable } from "node:stream";
import { AlexNetError, reasonOf, show } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import { checkCrc } from "./checksums.js";
import { crc32 } from "./crc32.js";
import type { OpenFile } from "./file.js";
import type { ZipMember } from "./zip.js";

/** Bytes that are read at a time. */
const CHUNK = 1 << 16;
/** Bytes that are unpacked at a time: with Node's own 16 KB, most of the time is spent between them. */
const UNPACKED = 1 << 18;
/** Times that numbers may have been packed: pruned and quantised ones are by 35 (Han et al., "Deep Compression"). */
const MOST_RATIO = 40;
/** Bytes that any member may have: the biases of a layer may all be zero. */
const ALWAYS = 1 << 16;

/** The first bytes of a member, `length` of them or all. */
export async function inflateHead(
  source: string,
  opened: OpenFile,
  member: ZipMember,
  length: number,
): Promise<Uint8Array> {
  const head = new Uint8Array(Math.min(length, member.size));
  await inflateInto(source, opened, member, head);
  return head;
}

/** A whole member, whose CRC-32 is checked. */
export async function inflateMember(
  source: string,
  opened: OpenFile,
  member: ZipMember,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(member.size);
  await inflateInto(source, opened, member, bytes);
  checkCrc(source, member, crc32(bytes));
  return bytes;
}

/** @throws AlexNetError WEIGHTS_INVALID where the member would unpack to far more than numbers do. */
export function checkRatio(source: string, { name, size, packedSize }: ZipMember): void {
  if (size > Math.max(ALWAYS, packedSize * MOST_RATIO))
    throw weightsErrors.refused(
      source,
      `member ${show(name)}`,
      `unpacks to ${size} bytes, more than ${MOST_RATIO} times its ${packedSize}`,
      "save it with np.savez, which does not pack",
    );
}

/** Fills `target`; what goes on behind the member's size is an error. */
async function inflateInto(
  source: string,
  opened: OpenFile,
  member: ZipMember,
  target: Uint8Array,
): Promise<void> {
  const at = `member ${show(member.name)}`;
  const inflate = createInflateRaw({ chunkSize: UNPACKED });
  const packed = Readable.from(packedChunks(opened, member));
  // pipe() does not carry errors
  packed.on("error", (error) => inflate.destroy(error));
  packed.pipe(inflate);
  let done = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      target.set(chunk.subarray(0, target.length - done), done);
      done += chunk.length;
      if (done > member.size)
        throw weightsErrors.field(
          source,
          `${at}: unpacked size`,
          done,
          `${member.size}, as the directory says`,
        );
      if (done >= target.length && target.length < member.size) return;
    }
  } catch (cause) {
    if (cause instanceof AlexNetError) throw cause;
    throw weightsErrors.broken(source, at, `cannot be inflated (${reasonOf(cause)})`);
  } finally {
    packed.destroy();
    inflate.destroy();
  }
  if (done !== member.size)
    throw weightsErrors.field(source, `${at}: unpacked size`, done, `${member.size}, as the directory says`);
  if (inflate.bytesWritten !== member.packedSize)
    throw weightsErrors.field(
      source,
      `${at}: packed size`,
      member.packedSize,
      `${inflate.bytesWritten}, where its data ends`,
    );
}

async function* packedChunks(
  opened: OpenFile,
  { offset, packedSize }: ZipMember,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < packedSize; done += CHUNK) {
    const chunk = new Uint8Array(Math.min(CHUNK, packedSize - done));
    await opened.read(offset + done, chunk);
    yield chunk;
  }
}
