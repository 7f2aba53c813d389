/** How bands of a tensor lie in the file and in memory, and how they are read. */
import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { loadTransposed, WINDOW } from "./band-transposed.js";
import { spanOf, type Strides } from "./strided.js";

/** Parts of a band that are read at the same time: Node reads files with four threads. */
const PARTS = 4;

/** A tensor of positive strides, and how its elements are read. */
export interface StridedSource {
  readonly shape: Shape;
  readonly strides: Strides;
  /** Reads elements that follow each other, as float32, from element `from` of the tensor's span on. */
  readonly read: (from: number, out: Float32Array) => Promise<void>;
}

/** Axes, the one that steps furthest first. */
export interface Places {
  readonly shape: Shape;
  readonly strides: Strides;
}

export interface Layout {
  /** Indices of the first axis that a band holds. */
  readonly rows: number;
  /** Elements in memory of a band of so many rows. */
  readonly size: (rows: number) => number;
  /** Strides in memory of a band of so many rows. */
  readonly strides: (rows: number) => Strides;
  /** Reads the `rows` rows from row `from` on. */
  readonly load: (source: StridedSource, values: Float32Array, from: number, rows: number) => Promise<void>;
}

/**
 * Three ways: a tensor that is small enough as it lies in the file; rows as they lie there, whose elements follow each
 * other in segments; and where neighbours in the file are of different rows, rows that are put together as they are read.
 * @param most elements of a band, where a row is not larger
 */
export function layoutOf({ shape, strides }: Pick<StridedSource, "shape" | "strides">, most: number): Layout {
  const axes = shape.map((size, axis) => ({ axis, size, stride: strides[axis] }));
  const [first] = axes;
  const outer = axes
    .filter(({ size, stride }) => size > 1 && stride > first.stride)
    .sort((a, b) => b.stride - a.stride);
  const places = { shape: outer.map(({ size }) => size), strides: outer.map(({ stride }) => stride) };
  const count = elementsOf(places.shape);
  /** Strides of a band whose outer axes step by `step` and its multiples. */
  const packed = (row: number, step: number): Strides => {
    const found = [...strides];
    found[0] = row;
    for (const { axis, size } of outer.toReversed()) {
      found[axis] = step;
      step *= size;
    }
    return found;
  };
  const inner = axes.slice(1).filter((axis) => !outer.includes(axis));
  const innerSpan = spanOf(
    inner.map(({ size }) => size),
    inner.map(({ stride }) => stride),
  );
  if (first.stride === 1 && first.size > 1 && outer.length > 0 && innerSpan === 1) {
    const pitch = pitchOf(count);
    return {
      rows: Math.min(first.size, Math.max(1, Math.floor(most / count))),
      size: (rows) => rows * pitch,
      strides: () => packed(pitch, 1),
      load: (source, values, from, rows) =>
        inParts(count, (start, end) =>
          loadTransposed(
            source.read,
            values,
            { rows, pitch },
            start,
            end,
            (at) => placeIn(places, at) + from,
          ),
        ),
    };
  }
  const span = spanOf(shape, strides);
  if (span <= most) {
    const whole = { shape: [], strides: [] };
    return {
      rows: first.size,
      size: () => span,
      strides: () => strides,
      load: (source, values) => loadSegments(source, values, whole, span, 0),
    };
  }
  const segment = (rows: number) => (rows - 1) * first.stride + innerSpan;
  const fitting = Math.floor((most / count - innerSpan) / first.stride) + 1;
  return {
    rows: Math.min(first.size, Math.max(1, fitting)),
    size: (rows) => count * segment(rows),
    strides: (rows) => packed(first.stride, segment(rows)),
    load: (source, values, from, rows) =>
      loadSegments(source, values, places, segment(rows), from * first.stride),
  };
}

/** Floats of a line of a cache. */
const LINE = 16;

/** From one row to the next: an odd number of lines, since rows a power of two apart would share sets of a cache. */
const pitchOf = (length: number): number =>
  length < LINE * LINE ? length : LINE * (Math.ceil(length / LINE) | 1);

const inParts = async (size: number, load: (start: number, end: number) => Promise<void>): Promise<void> => {
  const part = Math.ceil(size / PARTS);
  const starts = Array.from({ length: PARTS }, (_, index) => index * part);
  await Promise.all(starts.map((start) => load(start, Math.min(start + part, size))));
};

/** Segments of `length` elements, one at each of the places, `offset` elements behind it. */
const loadSegments = (
  source: StridedSource,
  values: Float32Array,
  places: Places,
  length: number,
  offset: number,
): Promise<void> => {
  const placeOf = (at: number) => placeIn(places, Math.floor(at / length)) + offset + (at % length);
  return inParts(values.length, (start, end) => loadPart(source, values, start, end, length, placeOf));
};

/** Fills elements [start, end) of a band, whose segments of `length` elements lie in the file where `placeOf` says. */
async function loadPart(
  { shape, strides, read }: StridedSource,
  values: Float32Array,
  start: number,
  end: number,
  length: number,
  placeOf: (at: number) => number,
): Promise<void> {
  const span = spanOf(shape, strides);
  let window = new Float32Array(0);
  let windowFrom = 0;
  for (let at = start; at < end;) {
    const run = values.subarray(at, Math.min(end, at + length - (at % length)));
    const place = placeOf(at);
    if (run.length >= WINDOW) {
      await read(place, run);
      at += run.length;
      continue;
    }
    if (place < windowFrom || place >= windowFrom + window.length) {
      windowFrom = place;
      if (window.length === 0 || windowFrom + window.length > span)
        window = new Float32Array(Math.min(WINDOW, span - windowFrom));
      await read(windowFrom, window);
    }
    const found = window.subarray(place - windowFrom, place - windowFrom + run.length);
    run.set(found);
    at += found.length;
  }
}

/** Where element `flat` of the row-major order lies. */
function placeIn({ shape, strides }: Places, flat: number): number {
  let at = 0;
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (rest % shape[axis]) * strides[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}
