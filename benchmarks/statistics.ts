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

/** Of values that were measured in the same rounds: the spread of a[i] / b[i], since a round's noise meets both. */
export const ratioOf = (a: readonly number[], b: readonly number[]): Spread => {
  if (a.length !== b.length) throw new RangeError(`${a.length} rounds beside ${b.length}`);
  return spreadOf(a.map((value, round) => value / b[round]));
};

/** The fields of a row that show a spread of milliseconds. */
export const millisecondFields = ({ min, median, max }: Spread) => ({
  minMs: min,
  medianMs: median,
  maxMs: max,
});

export const MILLISECOND_COLUMNS = { minMs: "min ms", medianMs: "median ms", maxMs: "max ms" };

/** The fields of a row that show a spread of ratios. */
export const ratioFields = ({ min, median, max }: Spread) => ({
  ratio: median,
  ratioMin: min,
  ratioMax: max,
});

/** @param title what the median is called */
export const ratioColumns = (title: string) => ({ ratio: title, ratioMin: "at least", ratioMax: "at most" });

/** The fields of a row that show how many images a second the times of `images` are. */
export function rateFields(images: number, { min, median, max }: Spread) {
  const rate = (ms: number) => (1000 * images) / ms;
  return { imagesPerSecond: rate(median), slowest: rate(max), fastest: rate(min) };
}

export const RATE_COLUMNS = { imagesPerSecond: "images/s", slowest: "at least", fastest: "at most" };
