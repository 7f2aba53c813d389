/** What goes into scoring and what comes out: an image in, exactly one row out. */
import type { ErrorCode } from "../errors/base.js";

/** The bytes of an image file, with what its row calls them. */
export interface NamedImage {
  readonly name: string;
  readonly data: Uint8Array;
}

/** The path of an image file, or its bytes. */
export type ImageSource = string | Uint8Array | NamedImage;

export interface ClassProbability {
  /** Of the network's output, from 0. */
  readonly index: number;
  /** null where no labels are known. */
  readonly label: string | null;
  /** 0 to 1; over all classes they sum to 1. */
  readonly probability: number;
}

export interface ScoredRow {
  /** The path or name that was given; null for bytes without a name. */
  readonly path: string | null;
  /** The most probable classes, best first; of equal ones the lower index first. */
  readonly top: readonly ClassProbability[];
  /** The values before softmax, one a class, where they were asked for. */
  readonly logits?: readonly number[];
}

export interface FailedRow {
  readonly path: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

export type Row = ScoredRow | FailedRow;

/** Whether a row holds an error instead of classes. */
export const isFailed = (row: Row): row is FailedRow => "error" in row;
