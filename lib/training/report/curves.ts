/** A run's metrics as curves. */
import { linearAxis, logarithmicAxis, type Axis } from "../../pictures/axis.js";
import { lineChart, type Series } from "../../pictures/line-chart.js";
import type { Picture } from "../../pictures/picture.js";
import type { EpochRow, Measures, MetricsRow, StepRow } from "../metrics/rows.js";

export interface Curve {
  /** Of the picture's file, without its extension. */
  readonly name: string;
  readonly picture: Picture;
}

type Point = readonly [x: number, y: number];

/** Points that a line has at most: more than there are pixels tell nothing. */
const MOST_POINTS = 600;
/** Epochs from which on they say alone which values the chart shows: the first steps may lie far away. */
const ENOUGH_EPOCHS = 3;
/** Marks on an axis, about. */
const TICKS_X = 10;
const TICKS_Y = 6;
/** From this ratio of the largest rate to the smallest one on, falls by factors are drawn as such. */
const FAR = 50;

/** The curves for which there are values: loss, accuracies, learning rate. */
export function curvesOf(rows: readonly MetricsRow[]): Curve[] {
  const run = new Run(rows);
  const curves = [
    measureCurve(run, "loss", "Loss", "cross-entropy (nats)", (value) => value.toPrecision(3)),
    measureCurve(run, "top1", "Top-1 accuracy", "share of images (%)", percentText),
    measureCurve(run, "top5", "Top-5 accuracy", "share of images (%)", percentText),
    rateCurve(run),
  ];
  return curves.filter((curve) => curve !== undefined);
}

const percentText = (value: number): string => `${value.toFixed(2)} %`;

/** Rows with their place on the x axis. */
class Run {
  readonly steps: readonly StepRow[];
  readonly epochs: readonly EpochRow[];
  readonly #stepsPerEpoch: number | undefined;

  constructor(readonly rows: readonly MetricsRow[]) {
    this.steps = rows.filter((row) => row.kind === "step");
    this.epochs = rows.filter((row) => row.kind === "epoch");
    const first = this.epochs.at(0);
    this.#stepsPerEpoch = first && first.step / (first.epoch + 1);
  }

  /** In epochs, as soon as it is known how long one is; in steps before. */
  x({ step }: MetricsRow): number {
    return step / (this.#stepsPerEpoch ?? 1);
  }

  get axis(): { readonly axis: Axis; readonly label: string } {
    const last = this.rows.at(-1);
    const most = last ? this.x(last) : 0;
    const label = this.#stepsPerEpoch === undefined ? "step" : "epoch";
    return { axis: linearAxis(0, Math.max(most, 1e-9), TICKS_X), label };
  }
}

type Field = keyof Measures;

function measureCurve(
  run: Run,
  field: Field,
  name: string,
  unit: string,
  text: (value: number) => string,
): Curve | undefined {
  const scale = field === "loss" ? 1 : 100;
  const pointOf = (x: number, measures: Measures | null): Point[] => {
    const value = measures?.[field] ?? null;
    return value === null ? [] : [[x, value * scale]];
  };
  const steps = run.steps.flatMap((row) => pointOf(run.x(row), row));
  // a mean over the epoch, amid which it has its place
  const training = run.epochs.flatMap((row) => pointOf(row.epoch + 0.5, row.training));
  const validation = run.epochs.flatMap((row) => pointOf(row.epoch + 1, row.validation));
  const all = [...steps, ...training, ...validation];
  if (all.length === 0) return undefined;
  const shown = training.length >= ENOUGH_EPOCHS ? [...training, ...validation] : all;
  const values = shown.map(([, y]) => y);
  const best = bestOf(validation, field);
  const series: Series[] = [
    training.length === 0
      ? { name: "training", look: "training", points: thinned(steps) }
      : { look: "faint", points: thinned(steps) },
    ...seriesOf("training", training, text),
    ...seriesOf("validation", validation, text),
  ];
  return {
    name: field,
    picture: lineChart({
      title: best ? `${name}; best validation ${text(best[1])} after epoch ${best[0]}` : name,
      x: run.axis,
      y: { axis: axisOf(values, field), label: unit },
      series,
    }),
  };
}

const seriesOf = (
  look: "training" | "validation",
  points: readonly Point[],
  text: (value: number) => string,
) => {
  const last = points.at(-1);
  if (last === undefined) return [];
  return [{ name: look, look, points, ...(points.length > 1 && { end: text(last[1]) }) }];
};

function bestOf(points: readonly Point[], field: Field): Point | undefined {
  const better = (a: Point, b: Point) => (field === "loss" ? b[1] < a[1] : b[1] > a[1]);
  const [first, ...others] = points;
  return points.length === 0
    ? undefined
    : others.reduce((best, point) => (better(best, point) ? point : best), first);
}

/** From 0 where the values come near it, or reach far; accuracies end at 100. */
function axisOf(values: readonly number[], field: Field): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const from = least < most / 2 ? 0 : least;
  const axis = linearAxis(from, most, TICKS_Y);
  return field === "loss" || axis.most <= 100 ? axis : linearAxis(from, 100, TICKS_Y);
}

function rateCurve(run: Run): Curve | undefined {
  const points = run.rows.map((row): Point => [run.x(row), row.rate]);
  if (points.length === 0) return undefined;
  const rates = points.map(([, rate]) => rate);
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  const same = rates.filter((rate, index) => rate === rates[index - 1]).length;
  // a rate that stays and falls now and then, not one that goes along a curve
  const falls = same > rates.length / 2 && least > 0 && most > FAR * least;
  return {
    name: "rate",
    picture: lineChart({
      title: "Learning rate",
      x: run.axis,
      y: { axis: falls ? logarithmicAxis(least, most) : linearAxis(0, most, TICKS_Y), label: "rate" },
      series: [{ look: "training", points: thinned(points) }],
    }),
  };
}

/** Means of neighbours, where there are more points than a line needs. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const group = points.slice(index * size, (index + 1) * size);
    return [mean(group.map(([x]) => x)), mean(group.map(([, y]) => y))] as const;
  });
}
