/** Rows with everything in them that a format could trip over. */
import type { FailedRow, Row, ScoredRow } from "../../lib/scoring/rows.js";

/** A number that needs all 17 digits, and the smallest that a float64 can hold. */
const DIGITS = 0.1 + 0.2;

const LABELS: readonly (string | null)[] = [
  "cat",
  'tench, "Tinca tinca"',
  "two\nlines",
  "Ångström 猫",
  null,
  "",
];

export const PATHS: readonly string[] = [
  "plain.jpg",
  "with space, comma.jpg",
  'with "quotes".jpg',
  "with\nnewline.jpg",
  "naïve/猫/🐈.jpg",
  '"\n"',
  "with\r\nboth.jpg",
  "with\rreturn.jpg",
  " around ",
  '"',
  "\n",
  ",",
  "=1+1",
  "\ufeffmark.jpg",
  "\u2028.jpg",
];

export function scored(path: string | null, topK: number, logits?: readonly number[]): ScoredRow {
  const top = Array.from({ length: topK }, (_, place) => ({
    index: place * 7,
    label: LABELS[place % LABELS.length],
    probability: place === 0 ? DIGITS : place === 1 ? Number.MIN_VALUE : DIGITS / 3 ** place,
  }));
  return { path, top, ...(logits && { logits }) };
}

export const failed = (path: string | null): FailedRow => ({
  path,
  error: { code: "IMAGE_MISSING", message: `${path ?? "buffer"}: no such "file",\nreally` },
});

/** A row for each of PATHS, every third one an error. */
export const rows = (topK: number, logits?: readonly number[]): Row[] =>
  PATHS.map((path, index) => (index % 3 === 2 ? failed(path) : scored(path, topK, logits)));
