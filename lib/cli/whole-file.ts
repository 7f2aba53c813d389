/** A file that appears under its path only when it is whole: until then it is written beside. */
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { cliErrors } from "../errors/cli.js";

export class WholeFile {
  readonly #path: string;
  readonly #beside: string;
  readonly #file: FileHandle;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.#path = path;
    this.#beside = beside;
    this.#file = file;
  }

  /** @throws AlexNetError OUTPUT_INVALID, as every other method. */
  static async create(path: string): Promise<WholeFile> {
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

  async finish(): Promise<void> {
    await told(this.#path, async () => {
      await this.#file.close();
      await rename(this.#beside, this.#path);
    });
  }

  /** Takes the unfinished file away. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#beside, { force: true });
  }
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cliErrors.unwritable(path, cause);
  }
}
