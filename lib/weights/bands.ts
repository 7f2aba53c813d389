/**
 * Tensors that are not in row-major order, out of a file: a band of rows at a time, since rows of a transposed tensor
 * touch all of its bytes. The file's bytes are passed once for each band.
 */
import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { gather, spanOf, type Strides } from "./strided.js";

/** Elements that a band holds, where a row is not larger: 64 MB as float32. AlexNet's fc6 takes three. */
const BAND = 1 << 24;
/** Elements that are read at a time. */
const WINDOW = 1 << 18;
/** Parts of a band that are read at the same time: Node reads files with four threads. */
const PARTS = 4;

/** A tensor of positive strides, and how its elements are read. */
export interface StridedSource {
  readonly shape: Shape;
  readonly strides: Strides;
  /** Reads elements that follow each other, as float32, from element `from` of the tensor's span on. */
  readonly read: (from: number, out: Float32Array) => Promise<void>;
}

/** How bands of a tensor lie in the file and in memory. */
interface Layout {
  /** Indices of the first axis that a band holds. */
  readonly rows: number;
  /** The axes that step further than the first one, the furthest first. */
  readonly outer: { readonly shape: Shape; readonly strides: Strides };
  /** Elements of a band of so many rows that follow each other in the file, at each place of `outer`. */
  readonly segment: (rows: number) => number;
  /** Strides in memory of a band of so many rows. */
  readonly strides: (rows: number) => Strides;
}

interface Band {
  readonly of: object;
  readonly index: number;
  readonly strides: Strides;
  readonly values: Promise<Float32Array>;
}

/** The last band of one of several tensors, in one buffer. */
export class Bands {
  #band: Band | undefined;
  #buffer = new Float32Array(0);

  /** @param most elements of a band, where a row is not larger */
  constructor(private readonly most = BAND) {}

  /**
   * Reads elements from `start` of the row-major order on.
   * @param of what stands for the tensor from call to call
   */
  async fill(of: object, source: StridedSource, start: number, out: Float32Array): Promise<void> {
    const { shape, strides } = source;
    const layout = layoutOf(shape, strides, this.most);
    const size = layout.rows * elementsOf(shape.slice(1));
    for (let done = 0; done < out.length;) {
      const index = Math.floor((start + done) / size);
      const from = start + done - index * size;
      const part = out.subarray(done, done + size - from);
      const band = this.#bandAt(of, source, layout, index);
      gather(await band.values, 0, shape, band.strides, from, part);
      done += part.length;
    }
  }

  #bandAt(of: object, source: StridedSource, layout: Layout, index: number): Band {
    const last = this.#band;
    if (last?.of === of && last.index === index) return last;
    const from = index * layout.rows;
    const rows = Math.min(layout.rows, source.shape[0] - from);
    const values = this.#load(last, source, layout, from, rows);
    return (this.#band = { of, index, strides: layout.strides(rows), values });
  }

  async #load(
    last: Band | undefined,
    source: StridedSource,
    { outer, segment }: Layout,
    from: number,
    rows: number,
  ): Promise<Float32Array> {
    // Whoever wants the band before waits for it since before this one was wanted, and so takes its values, at once,
    // before this goes on and overwrites them; whether it failed is told to them.
    await last?.values.catch(() => undefined);
    const length = segment(rows);
    const size = elementsOf(outer.shape) * length;
    // with room for larger ones to come: buffers that are outgrown stay until they are collected
    if (this.#buffer.length < size)
      this.#buffer = new Float32Array(Math.max(size, Math.min(2 * size, this.most)));
    const values = this.#buffer.subarray(0, size);
    const placeOf = (at: number) =>
      placeIn(outer, Math.floor(at / length)) + from * source.strides[0] + (at % length);
    const part = Math.ceil(size / PARTS);
    const parts = Array.from({ length: PARTS }, (_, index) => index * part).map((start) =>
      loadPart(source, values, start, Math.min(start + part, size), length, placeOf),
    );
    await Promise.all(parts);
    return values;
  }
}

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

function layoutOf(shape: Shape, strides: Strides, most: number): Layout {
  const span = spanOf(shape, strides);
  if (span <= most) {
    const outer = { shape: [], strides: [] };
    return { rows: shape[0], outer, segment: () => span, strides: () => strides };
  }
  const axes = shape.map((size, axis) => ({ axis, size, stride: strides[axis] }));
  const [first] = axes;
  const outer = axes
    .filter(({ size, stride }) => size > 1 && stride > first.stride)
    .sort((a, b) => b.stride - a.stride);
  const inner = axes.slice(1).filter((axis) => !outer.includes(axis));
  const innerSpan = spanOf(
    inner.map(({ size }) => size),
    inner.map(({ stride }) => stride),
  );
  const segment = (rows: number) => (rows - 1) * first.stride + innerSpan;
  const outerShape = outer.map(({ size }) => size);
  const fitting = Math.floor((most / elementsOf(outerShape) - innerSpan) / first.stride) + 1;
  return {
    rows: Math.min(first.size, Math.max(1, fitting)),
    outer: { shape: outerShape, strides: outer.map(({ stride }) => stride) },
    segment,
    strides: (rows) => {
      const packed = [...strides];
      let step = segment(rows);
      for (const { axis, size } of outer.toReversed()) {
        packed[axis] = step;
        step *= size;
      }
      return packed;
    },
  };
}

/** Where element `flat` of the row-major order lies. */
function placeIn({ shape, strides }: Layout["outer"], flat: number): number {
  let at = 0;
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (rest % shape[axis]) * strides[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}
