/** How a training tells on the terminal where it is. */
import { clearLine, cursorTo } from "node:readline";
import type { EpochRow, Measures } from "../training/metrics/rows.js";
import type { ProgressStream } from "./progress.js";
import { count } from "./table.js";

/** Where a training is; epochs and steps from 1. */
export interface TrainingState {
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch. */
  readonly step: number;
  /** Of an epoch. */
  readonly steps: number;
  /** Mean over the last steps; null before the first. */
  readonly loss: number | null;
  /** Top-1 of training over the last steps, 0 to 1. */
  readonly accuracy: number | null;
  readonly imagesPerSecond: number | null;
  /** Of the whole run; null where nobody knows yet. */
  readonly secondsLeft: number | null;
}

/** Characters of the bar. */
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/**
 * A line of at most `columns` characters. Where it is narrow the bar becomes shorter and goes, then the rate, the
 * accuracy, the time left and the loss go, in this order.
 */
export function progressLine(state: TrainingState, columns: number): string {
  const { epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = state;
  const place = `epoch ${epoch}/${epochs}`;
  const done = `${step}/${steps}`;
  const told = (value: number | null, text: (value: number) => string) =>
    value === null ? [] : [text(value)];
  const lossText = told(loss, (value) => `loss ${lossDigits(value)}`);
  const accuracyText = told(accuracy, (value) => `top-1 ${percent(value)}`);
  const rateText = told(imagesPerSecond, (value) => `${rateDigits(value)} images/s`);
  const leftText = told(secondsLeft, (value) => `${duration(value)} left`);
  const line = (parts: readonly string[]) => parts.join("  ");

  const all = [place, done, ...lossText, ...accuracyText, ...rateText, ...leftText];
  const room = columns - line(all).length - 2;
  if (room >= NARROWEST_BAR)
    return line([place, bar(step / steps, Math.min(room, WIDEST_BAR)), ...all.slice(1)]);
  const slimmer = [
    [place, done, ...lossText, ...accuracyText, ...leftText],
    [place, done, ...lossText, ...leftText],
    [place, done, ...lossText],
    [place, done],
  ];
  const fitting = [all, ...slimmer].map(line).find((text) => text.length <= columns);
  return fitting ?? place.slice(0, Math.max(0, columns));
}

function bar(share: number, width: number): string {
  const inside = width - 2;
  const filled = Math.round(Math.min(1, Math.max(0, share)) * inside);
  return `[${"=".repeat(filled)}${"-".repeat(inside - filled)}]`;
}

/** An epoch that is over, as a line that stays. */
export function epochLine(row: EpochRow, epochs: number): string {
  const { epoch, training, validation, rate, imagesPerSecond, seconds } = row;
  const parts = [
    `training ${measuresText(training)}`,
    ...(validation ? [`validation ${measuresText(validation)}`] : []),
    `rate ${Number(rate.toPrecision(3))}`,
    ...(imagesPerSecond === null ? [] : [`${rateDigits(imagesPerSecond)} images/s`]),
    duration(seconds),
  ];
  return `epoch ${epoch + 1}/${epochs}  ${parts.join("  ")}`;
}

function measuresText({ loss, top1, top5 }: Measures): string {
  const parts = [
    `loss ${loss === null ? "-" : lossDigits(loss)}`,
    ...(top1 === null ? [] : [`top-1 ${percent(top1)}`]),
    ...(top5 === null ? [] : [`top-5 ${percent(top5)}`]),
  ];
  return parts.join(" ");
}

const lossDigits = (loss: number): string => (loss < 1000 ? loss.toFixed(4) : loss.toExponential(3));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const rateDigits = (rate: number): string => (rate < 100 ? rate.toFixed(1) : count(Math.round(rate)));

/** Seconds as a person says them: "42 s", "5 min 3 s", "2 h 10 min", "3 d 4 h". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(whole / unit));
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** Milliseconds from one state of the line to the next: faster ones nobody reads. */
const BETWEEN = 100;
/** Where a terminal does not say how wide it is. */
const COLUMNS = 80;

/** The lines of a training: one that changes and, above it, one for each epoch. */
export interface TrainingProgress {
  /** Where it is; nothing where the stream is no terminal. */
  step(state: TrainingState): void;
  /** A line that stays. */
  say(line: string): void;
  /** Takes the line that changes away. */
  stop(): void;
}

/** @param now milliseconds, for tests */
export function trainingProgress(
  stream: ProgressStream = process.stderr,
  now: () => number = () => performance.now(),
): TrainingProgress {
  let shown: string | undefined;
  let last = -Infinity;
  const clear = () => {
    if (shown === undefined) return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
  };
  const show = (line: string) => {
    clear();
    stream.write(line);
    shown = line;
  };
  return {
    step: (state) => {
      if (!stream.isTTY || now() - last < BETWEEN) return;
      last = now();
      // the last column stays free: some terminals go to the next line when it is written
      show(progressLine(state, (stream.columns ?? COLUMNS) - 1));
    },
    say: (line) => {
      clear();
      stream.write(`${line}\n`);
      // the next state comes at once
      shown = undefined;
      last = -Infinity;
    },
    stop: () => {
      clear();
      shown = undefined;
    },
  };
}
