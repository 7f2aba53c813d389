/** A file that appears under its path only when it is whole: until then it is written beside. */
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { cliErrors } from "../errors/cli.js";

export class WholeFile {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Where the file is: beside its path until it is published. */
  #place: string;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#place = beside;
  }

  /** @throws AlexNetError OUTPUT_INVALID, as every other method. */
  static async create(path: string): Promise<WholeFile> {
    await checkNotFolder(path);
    const beside = `${path}.${process.pid}.tmp`;
    return new WholeFile(path, beside, await told(path, () => open(beside, "w")));
  }

  /** Behind what was written before; with `position`, over the bytes from there on. */
  async write(bytes: Uint8Array, position: number | null = null): Promise<void> {
    await told(this.#path, async () => {
      // write may take less than it is given
      for (let done = 0; done < bytes.length;) {
        const at = position === null ? null : position + done;
        done += (await this.#file.write(bytes, done, bytes.length - done, at)).bytesWritten;
      }
    });
  }

  /** Nothing is written any more; a disk may say only now that it is full. */
  async close(): Promise<void> {
    await told(this.#path, () => this.#file.close());
  }

  /** Lets the file appear, after `close`. */
  async publish(): Promise<void> {
    await told(this.#path, () => rename(this.#place, this.#path));
    this.#place = this.#path;
  }

  /** Takes the file away, whatever was done with it. */
  async discard(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      await rm(this.#place, { force: true });
    }
  }
}

/**
 * Before the work whose result could not be put there.
 * @throws AlexNetError OUTPUT_INVALID
 */
export async function checkNotFolder(path: string): Promise<void> {
  if (await isFolder(path)) throw cliErrors.outputIsFolder(path);
}

/**
 * A file of these bytes, in place of what was there.
 * @throws AlexNetError OUTPUT_INVALID
 */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await WholeFile.create(path);
  try {
    await file.write(bytes);
    await file.close();
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * Before a file is overwritten that the command itself reads.
 * @throws AlexNetError OUTPUT_INVALID where both paths are of one file.
 */
export async function checkNotInput(out: string, input: string): Promise<void> {
  const [to, from] = await Promise.all([out, input].map(idOf));
  if (to !== undefined && to === from) throw cliErrors.outputIsInput(out, input);
}

/** The same for every path of a file; undefined where none is in reach, and then it is no file's that is read. */
async function idOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // the output is not there, as a rule; an input that is not has been told by whoever reads it
    return undefined;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // not there, as it should be, or out of reach, which opening the file beside it tells
    return false;
  }
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cliErrors.unwritable(path, cause);
  }
}
