/** A file that rows are appended to, and that a later run can finish. */
import { open, stat, truncate, type FileHandle } from "node:fs/promises";
import { AlexNetError } from "../errors/base.js";
import { scoringErrors } from "../errors/scoring.js";
import type { Found, FoundRow } from "./records.js";
import type { Row } from "./rows.js";
import { checkFormat, rowWriter, type Columns, type OutputFormat, type RowWriter } from "./writers.js";

export interface OutputOptions {
  /** Finish a file that is there; without it only a new or an empty one is taken. */
  readonly resume?: boolean | undefined;
}

/**
 * Opens a file for rows. Each call of `write` is one write at the end of the file, so a process that is killed
 * leaves whole rows and at most one torn one, which resuming cuts off.
 *
 * Resuming reads what is there: every path with a row, be it an error, is `done`. A file that is not there is a
 * new one. Rows do not say from which weights or crops they came, so repeat the options; who scores the image of `first`
 * again sees whether they are the same. Labels are compared where `columns` has them.
 *
 * @throws AlexNetError OPTION_INVALID for another format; OUTPUT_INVALID where the file holds something and is not
 * to be resumed, where it is no output of this format with these columns, or where it cannot be read or written.
 */
export async function openOutput(
  path: string,
  format: OutputFormat,
  columns: Columns,
  { resume = false }: OutputOptions = {},
): Promise<Output> {
  checkFormat(format);
  const writer = rowWriter(format, columns);
  try {
    const found = await existing(path, format, columns, resume);
    const file = await open(path, "a");
    const output = new Output(path, writer, file, found);
    try {
      if (!found.header) await output.start();
    } catch (cause) {
      await file.close();
      throw cause;
    }
    return output;
  } catch (cause) {
    throw cause instanceof AlexNetError ? cause : scoringErrors.outputUnusable(path, cause);
  }
}

type Start = Omit<Found, "bytes">;

const NOTHING: Start = { done: new Set(), failed: new Set(), first: undefined, header: false };

async function existing(
  path: string,
  format: OutputFormat,
  columns: Columns,
  resume: boolean,
): Promise<Start> {
  const entry = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (entry === undefined) return NOTHING;
  if (resume && !entry.isFile()) throw scoringErrors.outputNotAFile(path);
  if (!resume && entry.isFile() && entry.size > 0) throw scoringErrors.outputExists(path, entry.size);
  if (!resume || entry.size === 0) return NOTHING;
  // with a parser of CSV, which no other run needs
  const { readOutput } = await import("./records.js");
  const found = await readOutput(path, format, columns);
  if (found.bytes < entry.size) await truncate(path, found.bytes);
  return found;
}

export class Output {
  /** Paths that have a row already. */
  readonly done: ReadonlySet<string>;
  /** Those of `done` whose row is an error. */
  readonly failed: ReadonlySet<string>;
  /** The first row that was there with a path and classes. */
  readonly first: FoundRow | undefined;
  readonly #path: string;
  readonly #writer: RowWriter;
  readonly #file: FileHandle;
  #failure: AlexNetError | undefined;

  /** See openOutput. */
  constructor(path: string, writer: RowWriter, file: FileHandle, { done, failed, first }: Start) {
    this.#path = path;
    this.#writer = writer;
    this.#file = file;
    this.done = done;
    this.failed = failed;
    this.first = first;
  }

  /** Writes what comes before the first row. */
  start(): Promise<void> {
    return this.#append(this.#writer.header);
  }

  /**
   * Appends rows; one call after the other.
   * @throws AlexNetError OUTPUT_INVALID where the disk is full or the file is gone, and then again for every later
   * call: a row behind a torn one could not be read.
   */
  write(rows: readonly Row[]): Promise<void> {
    return this.#append(this.#writer.format(rows));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #append(text: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    const bytes = Buffer.from(text);
    try {
      // a write may take less than it is given
      for (let done = 0; done < bytes.length;) done += (await this.#file.write(bytes, done)).bytesWritten;
    } catch (cause) {
      this.#failure = scoringErrors.outputUnusable(this.#path, cause);
      throw this.#failure;
    }
  }
}
