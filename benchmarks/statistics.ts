/** Of measured times, or of ratios: no mean, which one interrupted run can move. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError for no values, or one that is no number */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0 || values.some(Number.isNaN)) throw new RangeError("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 0 ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/** The fields of a row that show a spread of milliseconds. */
export const millisecondFields = ({ min, median, max }: Spread) => ({
  minMs: min,
  medianMs: median,
  maxMs: max,
});

export const MILLISECOND_COLUMNS = { minMs: "min ms", medianMs: "median ms", maxMs: "max ms" };
