/** Rows as text: NDJSON, a JSON object a line, or CSV with a header. */
import { stringify } from "csv-stringify/sync";
import { scoringErrors } from "../errors/scoring.js";
import { isFailed, type Row } from "./rows.js";

export const OUTPUT_FORMATS = ["ndjson", "csv"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What rows of one output have in common; `ScoreSettings` has all of it. */
export interface Columns {
  /** Classes of a row. */
  readonly topK: number;
  readonly logits: boolean;
  /** Class names by index, null where there are none; where left out, rows that are there may have any. */
  readonly labels?: readonly string[] | null | undefined;
}

/** Every record ends in a line feed, the last one too. */
export interface RowWriter {
  /** What the text starts with: the CSV header; empty for NDJSON. */
  readonly header: string;
  /** Numbers are written with as many digits as give the same float64 again. */
  format(rows: readonly Row[]): string;
}

/**
 * NDJSON rows are `{path, top: [{index, label, probability}]}`, with `logits` where asked for, or
 * `{path, error: {code, message}}`. CSV columns are `csvColumns`; what a row has not is empty, and so are the path
 * of bytes without a name and a label that is not known.
 * @throws AlexNetError OPTION_INVALID for another format.
 */
export function rowWriter(format: OutputFormat, columns: Columns): RowWriter {
  checkFormat(format);
  if (format === "ndjson")
    return { header: "", format: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("") };
  return {
    header: csvText([csvColumns(columns)]),
    format: (rows) => csvText(rows.map((row) => csvRecord(row, columns))),
  };
}

/** @throws AlexNetError OPTION_INVALID for anything but "ndjson" and "csv". */
export function checkFormat(format: unknown): asserts format is OutputFormat {
  if (!(OUTPUT_FORMATS as readonly unknown[]).includes(format))
    throw scoringErrors.option("format", format, `one of ${OUTPUT_FORMATS.join(", ")}`);
}

/** path, then index_1, label_1, probability_1 ... up to topK, error_code, error_message, and logits where asked for. */
export function csvColumns({ topK, logits }: Columns): string[] {
  const places = Array.from({ length: topK }, (_, place) => place + 1);
  return [
    "path",
    ...places.flatMap((place) => [`index_${place}`, `label_${place}`, `probability_${place}`]),
    "error_code",
    "error_message",
    ...(logits ? ["logits"] : []),
  ];
}

type Cell = string | number | null;

function csvRecord(row: Row, { topK, logits }: Columns): Cell[] {
  const failed = isFailed(row);
  const classes: Cell[] = failed
    ? Array.from({ length: 3 * topK }, () => null)
    : row.top.flatMap(({ index, label, probability }) => [index, label, probability]);
  const error = failed ? [row.error.code, row.error.message] : [null, null];
  // as a JSON list: a column a class would be a thousand
  const values = !failed && row.logits ? JSON.stringify(row.logits) : null;
  return [row.path, ...classes, ...error, ...(logits ? [values] : [])];
}

/** A carriage return is quoted too, which readers may take for the end of a record. */
const csvText = (records: readonly (readonly Cell[])[]): string =>
  stringify([...records.map((record) => [...record])], { record_delimiter: "\n", quoted_match: /\r/ });
