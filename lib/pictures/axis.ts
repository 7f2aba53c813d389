/** Axes: from which value to which, and where they are marked. */

export interface Axis {
  readonly least: number;
  readonly most: number;
  /** Ascending, from `least` to `most`. */
  readonly ticks: readonly number[];
  /** 0 at `least`, 1 at `most`. */
  readonly place: (value: number) => number;
  /** A tick's value as text, with no more digits than the ticks need. */
  readonly text: (value: number) => string;
}

/** The power of ten of the last place that is written out. */
const LAST_PLACE = -5;

/** Spans values by round numbers: ticks at 1, 2 or 5 times a power of ten, about `count` of them. */
export function linearAxis(least: number, most: number, count: number): Axis {
  // one value has its place amid two ticks
  const [low, high] =
    least < most ? [least, most] : [least - Math.abs(least) / 2 - 0.5, most + Math.abs(most) / 2 + 0.5];
  const step = roundStep((high - low) / count);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const power = Math.floor(Math.log10(step) + 1e-9);
  const [from, to] = [first * step, last * step];
  const largest = Math.max(Math.abs(from), Math.abs(to));
  const digits = Math.max(0, Math.floor(Math.log10(largest)) - power);
  return {
    least: from,
    most: to,
    ticks,
    place: (value) => (value - from) / (to - from),
    text: (value) => {
      if (largest < 1e6 && power >= LAST_PLACE) return value.toFixed(Math.max(0, -power));
      return value === 0 ? "0" : value.toExponential(digits);
    },
  };
}

function roundStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= about * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Spans values above 0 by powers of ten. */
export function logarithmicAxis(least: number, most: number): Axis {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`));
  return {
    least: ticks[0],
    most: ticks[ticks.length - 1],
    ticks,
    place: (value) => (Math.log10(value) - first) / (last - first),
    text: (value) => String(value),
  };
}
