/** What is told of a training, a row of NDJSON at a time. */
import { readFile } from "node:fs/promises";
import { metricsErrors } from "../../errors/training.js";
import { kind, kindOf, notNegative, nullOr, number, object, share, whole, type Check } from "../fields.js";

/** Means over images; null where nothing was measured, or what was is no number. */
export interface Measures {
  /** Cross-entropy, natural logarithm. */
  readonly loss: number | null;
  /** Share of the images whose class is the most probable one, 0 to 1. */
  readonly top1: number | null;
  /** Share of the images whose class is among the five most probable ones; null with fewer than six classes. */
  readonly top5: number | null;
}

interface Pace {
  /** Of the last step, for parameters with a multiplier of 1. */
  readonly rate: number;
  /** Of training since the row before. This and `seconds` are all in which a run that was resumed differs. */
  readonly imagesPerSecond: number | null;
  /** Since the run began, without its pauses. */
  readonly seconds: number;
}

/** Over the training images since the row before, as they were varied and with dropout. */
export interface StepRow extends Measures, Pace {
  readonly kind: "step";
  /** Steps that are done. */
  readonly step: number;
  /** To which the last of them belongs, from 0. */
  readonly epoch: number;
}

/** When an epoch is over. */
export interface EpochRow extends Pace {
  readonly kind: "epoch";
  /** Steps that are done. */
  readonly step: number;
  /** That is over, from 0. */
  readonly epoch: number;
  /** Over the training images, as they were varied and with dropout, each by the weights of its step. */
  readonly training: Measures;
  /** By the weights of the epoch's end; null without validation images. */
  readonly validation: Measures | null;
}

export type MetricsRow = StepRow | EpochRow;

const measures = {
  loss: nullOr(number("a finite number", () => true)),
  top1: nullOr(share),
  top5: nullOr(share),
};
const pace = { rate: notNegative, imagesPerSecond: nullOr(notNegative), seconds: notNegative };
const place = { step: whole(0), epoch: whole(0) };

const row: Check<MetricsRow> = kindOf<MetricsRow>({
  step: object({ kind: kind("step"), ...place, ...measures, ...pace }, {}),
  epoch: object(
    {
      kind: kind("epoch"),
      ...place,
      training: object(measures, {}),
      validation: nullOr(object(measures, {})),
      ...pace,
    },
    {},
  ),
});

/** A row as a line; what is no finite number becomes null. */
export const lineOf = (metrics: MetricsRow): string => `${JSON.stringify(metrics)}\n`;

/** A row, and where it ends in the file. */
export interface PlacedRow {
  readonly row: MetricsRow;
  /** Bytes from the file's start. */
  readonly end: number;
}

/**
 * The rows of a file; a last line without an end, as a kill leaves it, is none.
 * @throws AlexNetError RUN_INVALID where the file cannot be read, or a line is no row.
 */
export async function readMetrics(path: string): Promise<readonly PlacedRow[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw metricsErrors.unreadable(path, cause);
  });
  const rows: PlacedRow[] = [];
  for (let start = 0, end = lineEnd(bytes, 0); end > 0; start = end, end = lineEnd(bytes, start)) {
    const at = `line ${rows.length + 1}`;
    const value = valueOf(path, at, bytes.toString("utf8", start, end));
    rows.push({ row: row({ errors: metricsErrors, source: path, at, value }), end });
  }
  return rows;
}

/** Behind the line feed; 0 where there is none. */
const lineEnd = (bytes: Buffer, from: number): number => bytes.indexOf("\n", from) + 1;

function valueOf(path: string, at: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw metricsErrors.notJson(path, at, cause);
  }
}
