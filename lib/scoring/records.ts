/** An output file that is there already: its whole records, what they say, and where a torn one begins. */
import { createReadStream } from "node:fs";
import { parse } from "csv-parse/sync";
import { show } from "../errors/base.js";
import { scoringErrors } from "../errors/scoring.js";
import type { ClassProbability, ScoredRow } from "./rows.js";
import { csvColumns, type Columns, type OutputFormat } from "./writers.js";

/** A row with classes, of an image with a path. */
export type FoundRow = ScoredRow & { readonly path: string };

export interface Found {
  /** Paths that have a row, with classes or with an error. */
  readonly done: ReadonlySet<string>;
  /** Those of `done` whose row is an error. */
  readonly failed: ReadonlySet<string>;
  /** The first row that has a path and classes. */
  readonly first: FoundRow | undefined;
  /** Bytes up to the end of the last whole record; what follows was torn by a kill. */
  readonly bytes: number;
  /** Whether the header is there; NDJSON has none and needs none. */
  readonly header: boolean;
}

/** Bytes; no row is longer, so a file of which more belong to one record is something else. */
const LONGEST_RECORD = 64 * 2 ** 20;
/** Bytes that are read at a time. */
const CHUNK = 2 ** 18;
const LINE_FEED = 0x0a;
const QUOTE = 0x22;

/**
 * Reads what a run before wrote.
 * @throws AlexNetError OUTPUT_INVALID where the file is not an output of this format with these columns.
 */
export async function readOutput(path: string, format: OutputFormat, columns: Columns): Promise<Found> {
  const reader = format === "csv" ? new CsvReader(path, columns) : new NdjsonReader(path, columns);
  let rest = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    const end = endOfRecords(rest, format === "csv");
    if (end > 0) reader.take(rest.toString("utf8", 0, end));
    bytes += end;
    rest = rest.subarray(end);
    // at once, before a large file of another kind is read to its end
    reader.checkTorn(rest);
    if (rest.length > LONGEST_RECORD) throw reader.invalid(`has more than ${LONGEST_RECORD} bytes`);
  }
  const { done, failed, first, header } = reader;
  return { done, failed, first, bytes, header };
}

/** Where the last whole record of `bytes` ends; a line feed between quotes, in CSV, belongs to a path. */
function endOfRecords(bytes: Buffer, quotes: boolean): number {
  if (!quotes) return bytes.lastIndexOf(LINE_FEED) + 1;
  let end = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    // a quote in a path is doubled, which leaves and enters again
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (bytes[at] === LINE_FEED && !quoted) end = at + 1;
  }
  return end;
}

abstract class RecordReader {
  readonly done = new Set<string>();
  readonly failed = new Set<string>();
  first: FoundRow | undefined;
  abstract readonly header: boolean;
  protected readonly columns: Columns;
  readonly #path: string;
  #record = 0;

  constructor(path: string, columns: Columns) {
    this.#path = path;
    this.columns = columns;
  }

  /** Takes the text of one or more whole records. */
  abstract take(text: string): void;

  /** Refuses to cut off what cannot be the beginning of a record that a kill tore. */
  abstract checkTorn(rest: Buffer): void;

  /** The error for the record that is read now. */
  invalid(problem: string, cause?: unknown): Error {
    return scoringErrors.outputRecord(this.#path, `record ${this.#record + 1}`, problem, cause);
  }

  /** Goes on to the next record, from one that is the row of `path` or has none. */
  protected next(path: string | null, failed: boolean): void {
    if (path !== null) {
      this.done.add(path);
      if (failed) this.failed.add(path);
    }
    this.#record++;
  }

  /** Takes the classes of the record that is read now. */
  protected takeClasses(path: string | null, top: readonly ClassProbability[]): void {
    const { labels } = this.columns;
    if (path !== null) this.first ??= { path, top };
    if (labels === undefined) return;
    for (const { index, label } of top) {
      const expected = labels?.[index] ?? null;
      // CSV does not tell a label that is empty from none
      if ((label ?? "") !== (expected ?? ""))
        throw this.invalid(`has the label ${show(label)} for class ${index}; this run has ${show(expected)}`);
    }
  }
}

class NdjsonReader extends RecordReader {
  readonly header = true;

  take(text: string): void {
    for (const line of text.slice(0, -1).split("\n")) this.#takeLine(line);
  }

  checkTorn(rest: Buffer): void {
    const start = Buffer.from('{"path":').subarray(0, rest.length);
    if (!start.equals(rest.subarray(0, start.length))) throw this.invalid("is not the beginning of a row");
  }

  #takeLine(line: string): void {
    const row = this.#rowOf(line);
    if (row.error === undefined) {
      const { topK, logits } = this.columns;
      const top: unknown = row.top;
      if (!Array.isArray(top)) throw this.invalid("has neither top nor error");
      if (top.length !== topK)
        throw this.invalid(`has ${top.length} classes; it must have ${topK}, as topK says`);
      if (!top.every(isClass)) throw this.invalid("has a class without index, label and probability");
      if (Array.isArray(row.logits) !== logits)
        throw this.invalid(
          `has ${logits ? "no logits" : "logits"}; this run writes rows with${logits ? "" : "out"} them`,
        );
      this.takeClasses(row.path, top);
    }
    this.next(row.path, row.error !== undefined);
  }

  #rowOf(line: string): { readonly path: string | null } & Record<string, unknown> {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw this.invalid("is not JSON", cause);
    }
    const fields = Object(row) as Record<string, unknown>;
    const { path } = fields;
    if (typeof path !== "string" && path !== null) throw this.invalid("has no path");
    return { ...fields, path };
  }
}

function isClass(value: unknown): value is ClassProbability {
  const { index, label, probability } = Object(value) as Record<string, unknown>;
  return (
    typeof index === "number" &&
    (typeof label === "string" || label === null) &&
    typeof probability === "number"
  );
}

class CsvReader extends RecordReader {
  readonly #expected: readonly string[];
  readonly #errorCode: number;
  #header = false;

  constructor(path: string, columns: Columns) {
    super(path, columns);
    this.#expected = csvColumns(columns);
    this.#errorCode = this.#expected.indexOf("error_code");
  }

  get header(): boolean {
    return this.#header;
  }

  take(text: string): void {
    for (const record of this.#parse(text)) {
      if (record.length !== this.#expected.length)
        throw this.invalid(`has ${record.length} fields; it must have ${this.#expected.length}`);
      if (!this.#header) this.#takeHeader(record);
      else this.#takeRow(record);
    }
  }

  checkTorn(rest: Buffer): void {
    // behind the header anything may be the beginning of a path
    if (this.#header) return;
    const start = Buffer.from(this.#expected.join(",")).subarray(0, rest.length);
    if (!start.equals(rest)) throw this.invalid("is not the beginning of the header");
  }

  #parse(text: string): string[][] {
    try {
      return parse(text, { record_delimiter: "\n", relax_column_count: true });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw this.invalid(`is not CSV (${reason})`, cause);
    }
  }

  #takeRow(record: readonly string[]): void {
    const path = record[0] === "" ? null : record[0];
    const failed = record[this.#errorCode] !== "";
    if (!failed) this.takeClasses(path, this.#classesOf(record));
    this.next(path, failed);
  }

  /** As `csvColumns` has them: three fields a class behind the path. */
  #classesOf(record: readonly string[]): ClassProbability[] {
    return Array.from({ length: this.columns.topK }, (_, place) => {
      const [index, label, probability] = record.slice(1 + 3 * place, 4 + 3 * place);
      return { index: Number(index), label: label === "" ? null : label, probability: Number(probability) };
    });
  }

  #takeHeader(record: readonly string[]): void {
    const at = record.findIndex((name, index) => name !== this.#expected[index]);
    if (at >= 0) throw this.invalid(`has the column ${record[at]}; it must be ${this.#expected[at]}`);
    this.#header = true;
    this.next(null, false);
  }
}
