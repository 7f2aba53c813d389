/** The file of a run's metrics: rows are appended, and a run that is resumed goes on behind its checkpoint. */
import { open, truncate, type FileHandle } from "node:fs/promises";
import { AlexNetError } from "../../errors/base.js";
import { metricsErrors } from "../../errors/training.js";
import type { RunPosition } from "../checkpoint/state.js";
import { lineOf, readMetrics, type MetricsRow } from "./rows.js";

export class MetricsFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #failure: AlexNetError | undefined;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Opens a file for a new run, or for one that goes on from where its checkpoint was taken. Then the rows of what came
   * after it are cut off, since it is done again: steps past `step`, and epochs from `epoch` on. So the file becomes that of a
   * run that was never interrupted, but for the times in it, where rows are flushed before the checkpoint that counts them
   * as written. A file that is not there is a new one.
   * @throws AlexNetError RUN_INVALID where there is a file and the run is new, where it is no file of metrics, or where it
   * cannot be read or written.
   */
  static async open(path: string, from?: Pick<RunPosition, "step" | "epoch">): Promise<MetricsFile> {
    try {
      if (from === undefined) return new MetricsFile(path, await open(path, "wx"));
      const file = await open(path, "a");
      try {
        await cut(path, from);
        return new MetricsFile(path, file);
      } catch (cause) {
        await file.close();
        throw cause;
      }
    } catch (cause) {
      throw cause instanceof AlexNetError ? cause : metricsErrors.unwritable(path, cause);
    }
  }

  /**
   * Appends a row; one call after the other.
   * @throws AlexNetError RUN_INVALID where the disk is full, say, and then again for every later call: a row behind a torn
   * one could not be read.
   */
  async write(row: MetricsRow): Promise<void> {
    await this.#do(async () => {
      const bytes = Buffer.from(lineOf(row));
      // a write may take less than it is given
      for (let done = 0; done < bytes.length;) done += (await this.#file.write(bytes, done)).bytesWritten;
    });
  }

  /** Lets the rows outlive the machine's end. @throws AlexNetError as `write`. */
  async flush(): Promise<void> {
    await this.#do(() => this.#file.datasync());
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await work();
    } catch (cause) {
      this.#failure = metricsErrors.unwritable(this.#path, cause);
      throw this.#failure;
    }
  }
}

async function cut(path: string, { step, epoch }: Pick<RunPosition, "step" | "epoch">): Promise<void> {
  const rows = await readMetrics(path);
  const later = rows.findIndex(({ row }) => (row.kind === "step" ? row.step > step : row.epoch >= epoch));
  const kept = later < 0 ? rows : rows.slice(0, later);
  await truncate(path, kept.at(-1)?.end ?? 0);
}
