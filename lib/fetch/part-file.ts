/**
 * A file that is fetched: what came of it is FILE.part, beside its place, until all of it is there. FILE.part.json says
 * where it came from, and what the server calls that version of it; FILE.part.lock that a process is at it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { AlexNetError } from "../errors/base.js";
import { cliErrors } from "../errors/cli.js";
import { LockFile } from "./lock-file.js";
import type { Hash } from "./official-files.js";

interface Origin {
  readonly url: string;
  readonly validator: string;
}

export class PartFile {
  readonly #to: string;
  readonly #file: FileHandle;
  readonly #lock: LockFile;
  #size: number;

  private constructor(to: string, lock: LockFile, file: FileHandle, size: number) {
    this.#to = to;
    this.#lock = lock;
    this.#file = file;
    this.#size = size;
  }

  /**
   * What is there of the file already, or nothing.
   * @throws AlexNetError OUTPUT_INVALID, as every other method; FETCH_FAILED where another process is at it.
   */
  static async open(to: string): Promise<PartFile> {
    const found = await stat(to).catch(() => undefined);
    if (found?.isDirectory()) throw cliErrors.outputIsFolder(to);
    return told(to, async () => {
      await mkdir(dirname(to), { recursive: true });
      const lock = await LockFile.take(`${partOf(to)}.lock`, to);
      try {
        const file = await open(partOf(to), "a+");
        return new PartFile(to, lock, file, (await file.stat()).size);
      } catch (error) {
        await lock.release();
        throw error;
      }
    });
  }

  get path(): string {
    return partOf(this.#to);
  }

  /** Bytes that are there. */
  get size(): number {
    return this.#size;
  }

  /** What the server at `url` called the version that is there, where it is known. */
  async validatorFor(url: string): Promise<string | undefined> {
    let origin: Partial<Origin> | null;
    try {
      origin = JSON.parse(await readFile(this.#originPath, "utf8")) as Partial<Origin> | null;
    } catch {
      // missing or damaged: then nothing is known
      return undefined;
    }
    return origin?.url === url && typeof origin.validator === "string" ? origin.validator : undefined;
  }

  /** Begins anew, with a version that the server calls so. */
  async restart(url: string, validator: string | undefined): Promise<void> {
    await told(this.#to, async () => {
      // first: a name must never stand beside bytes of another version
      await rm(this.#originPath, { force: true });
      await this.#file.truncate(0);
      this.#size = 0;
      if (validator !== undefined)
        await writeFile(this.#originPath, JSON.stringify({ url, validator } satisfies Origin));
    });
  }

  async append(bytes: Uint8Array): Promise<void> {
    await told(this.#to, async () => {
      // write may take less than it is given
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, done);
        done += bytesWritten;
        this.#size += bytesWritten;
      }
    });
  }

  /** Flushes the file to the disk and lets it appear under its own name. */
  async publish(): Promise<void> {
    await told(this.#to, async () => {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.path, this.#to);
      await rm(this.#originPath, { force: true });
    });
  }

  /** Takes away what is there. */
  async discard(): Promise<void> {
    await told(this.#to, async () => {
      await this.#file.close();
      await rm(this.path, { force: true });
      await rm(this.#originPath, { force: true });
    });
  }

  /** Ends the work, also behind the others; what is there stays for the next time. */
  async close(): Promise<void> {
    await told(this.#to, async () => {
      try {
        await this.#file.close();
      } finally {
        await this.#lock.release();
      }
    });
  }

  get #originPath(): string {
    return `${this.path}.json`;
  }
}

const partOf = (to: string): string => `${to}.part`;

/** The hash of a file, in hexadecimal. @throws AlexNetError OUTPUT_INVALID where it cannot be read. */
export async function hashOf(path: string, algorithm: Hash["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  await told(path, () => pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash));
  return hash.digest("hex");
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof AlexNetError ? cause : cliErrors.unwritable(path, cause);
  }
}
