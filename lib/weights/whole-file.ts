/** What the writers of weight files share: a file that appears when it is whole, and tensors in pieces. */
import { randomBytes } from "node:crypto";
import { open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AlexNetError } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import type { ReadTensor, TensorInfo } from "./weights.js";

/** Elements that are read and written at a time. */
const CHUNK = 1 << 18;

/** Writes all of the bytes behind what was written before. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * Lets `fill` write a file, which appears under `path` only when it is whole: it is written beside, flushed to the
 * disk, renamed, and the folder flushed, so that what was there before is there until the new file is, whatever ends the
 * process or the machine.
 * @throws AlexNetError WEIGHTS_UNWRITABLE, or what `fill` throws; then nothing stays behind.
 */
export async function writeWhole(path: string, fill: (write: Write) => Promise<void>): Promise<void> {
  const beside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  const wrap = (cause: unknown) =>
    cause instanceof AlexNetError ? cause : weightsErrors.unwritable(path, cause);
  const file = await open(beside, "wx").catch((cause: unknown) => {
    throw wrap(cause);
  });
  try {
    try {
      await fill((bytes) => writeAll(file, bytes));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    // where it is gone already or cannot be removed, what went wrong first is what counts
    await unlink(beside).catch(() => undefined);
    throw wrap(cause);
  }
}

/** Errors of what a folder or its file system cannot do: then the file is there all the same. */
const CANNOT_SYNC = ["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP"];

/** Makes a rename outlive a loss of power. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && CANNOT_SYNC.includes(String(cause.code)))) throw cause;
  }
}

/**
 * Removes what `writeWhole` left beside `path` in a process that was killed; only files with just such names. Nobody may be
 * writing there.
 */
export async function removeUnfinished(path: string): Promise<void> {
  const name = basename(path);
  for (const entry of await readdir(dirname(path)))
    if (entry.startsWith(`${name}.`) && /^\d+-[0-9a-f]{8}\.tmp$/.test(entry.slice(name.length + 1)))
      await unlink(join(dirname(path), entry));
}

/** `write` may write less than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
}

/** Reads a tensor from its start to its end; the pieces share their memory. */
export async function readInPieces(
  read: ReadTensor,
  { name, shape }: Pick<TensorInfo, "name" | "shape">,
  take: (values: Float32Array, start: number) => Promise<void>,
): Promise<void> {
  const elements = elementsOf(shape);
  const chunk = new Float32Array(Math.min(CHUNK, elements));
  for (let start = 0; start < elements; start += chunk.length) {
    const values = chunk.subarray(0, elements - start);
    await read(name, start, values);
    await take(values, start);
  }
}
