import { open, stat, type FileHandle } from "node:fs/promises";
import { AlexNetError } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";

/** An open file: reads at a place, and never less than asked. */
export interface OpenFile {
  /** Fills `target` from `offset` (bytes) on. */
  read(offset: number, target: Uint8Array): Promise<void>;
}

/** A file as it was when it was loaded. Its bytes are read by opening it again for as long as someone reads. */
export class WeightFile {
  private constructor(
    /** The path as it was given; messages start with it. */
    readonly source: string,
    /** Bytes. */
    readonly size: number,
    private readonly modified: bigint,
  ) {}

  /** @throws AlexNetError WEIGHTS_UNREADABLE where there is no regular file. */
  static async at(path: string): Promise<WeightFile> {
    // before opening: to open a pipe would wait for a writer
    const found = await stat(path, { bigint: true }).catch((cause: unknown) => {
      throw weightsErrors.unreadable(path, cause);
    });
    if (!found.isFile()) throw weightsErrors.notAFile(path);
    return new WeightFile(path, Number(found.size), found.mtimeNs);
  }

  /** @throws AlexNetError WEIGHTS_UNREADABLE where the file is gone, or its size or time changed since `at`. */
  async use<T>(consume: (file: OpenFile) => Promise<T>): Promise<T> {
    const handle = await open(this.source).catch((cause: unknown) => {
      throw weightsErrors.unreadable(this.source, cause);
    });
    try {
      const now = await handle.stat({ bigint: true });
      if (Number(now.size) !== this.size || now.mtimeNs !== this.modified)
        throw weightsErrors.changed(this.source);
      return await consume({ read: (offset, target) => this.fill(handle, offset, target) });
    } finally {
      await handle.close();
    }
  }

  private async fill(handle: FileHandle, offset: number, target: Uint8Array): Promise<void> {
    let got = 0;
    try {
      while (got < target.length) {
        const { bytesRead } = await handle.read(target, got, target.length - got, offset + got);
        if (bytesRead === 0) throw weightsErrors.endsEarly(this.source, offset, target.length, got);
        got += bytesRead;
      }
    } catch (cause) {
      throw cause instanceof AlexNetError ? cause : weightsErrors.unreadable(this.source, cause);
    }
  }
}
