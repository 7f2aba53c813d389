/** What a suite found: shown as tables, kept as JSON, drawn as bars. */

import type { ConvolutionAlgorithm } from "../../lib/plan/algorithm.js";

/** What our own contestants' names start with. */
export const OURS = "alexnet-threads";

export interface Section {
  readonly title: string;
  /** The kernel set that ran, or all that did; left out where none has a part in it. */
  readonly kernels?: string;
  /** What computes each convolution, where an engine ran. */
  readonly convolutions?: Readonly<Record<string, ConvolutionAlgorithm>>;
  readonly threads: number;
  /** The fields of the rows in order, with what stands above them. */
  readonly columns: Readonly<Record<string, string>>;
  /** A field that a row does not have is one that means nothing there. */
  readonly rows: readonly Row[];
  readonly chart: Chart;
}

export type Row = Readonly<Record<string, string | number>>;

/** A bar for each row that has the value. */
export interface Chart {
  /** Rows in which this field is the same stand together, under it. */
  readonly group?: string;
  /** The fields that name a bar. */
  readonly label: readonly string[];
  /** The field of its length. */
  readonly value: string;
  /** The fields of the smallest and largest value that were measured. */
  readonly spread?: readonly [min: string, max: string];
  /** Of the value. */
  readonly unit: string;
}
