import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";

/** Elements from one index to the next, an axis each. */
export type Strides = readonly number[];

/** Elements that a tensor which is not in row-major order may span in a file: AlexNet's largest has 37,748,736. */
export const LARGEST_SPAN = 1 << 26;

/** Strides of a tensor without gaps whose last axis runs fastest. */
export function rowMajor(shape: Shape): Strides {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Whether the elements lie in row-major order without gaps; the stride of an axis of one does not matter. */
export function isRowMajor(shape: Shape, strides: Strides): boolean {
  const wanted = rowMajor(shape);
  return elementsOf(shape) === 0 || shape.every((size, axis) => size === 1 || strides[axis] === wanted[axis]);
}

/** Elements from the first to behind the last one of a tensor with positive strides. */
export const spanOf = (shape: Shape, strides: Strides): number =>
  elementsOf(shape) === 0 ? 0 : shape.reduce((last, size, axis) => last + (size - 1) * strides[axis], 0) + 1;

/** Columns that are copied of all rows before the next ones: a cache keeps the lines that they lie in for all rows. */
const COLUMNS = 256;
/** Rows that are copied together: more of them, whose places in `out` are a power of two apart, would share cache sets. */
const ROWS = 4;

/** Columns of one row from which on a row without gaps is copied as a whole. */
const WHOLE = 64;
/** Columns whose places are kept for the next rows: AlexNet's rows have up to 9216. */
const MOST_KEPT = 1 << 16;

type Places = Int32Array | Float64Array;
type Data = Float32Array | Float64Array;

/**
 * Copies `out.length` elements, from element `start` of the row-major order on, out of a tensor whose element
 * [0, ..., 0] is at `offset` of `data`. The caller has checked that they lie in `data`.
 */
export type Gather = (data: Data, offset: number, start: number, out: Float32Array) => void;

/** Copies parts of a tensor of any strides. */
export function gatherer(shape: Shape, strides: Strides): Gather {
  if (shape.length === 0)
    return (data, offset, _, out) => {
      if (out.length > 0) out[0] = data[offset];
    };
  const [, ...inner] = shape;
  const [step, ...innerStrides] = strides;
  const width = elementsOf(inner);
  if (width >= WHOLE && isRowMajor(inner, innerStrides))
    return (data, offset, start, out) => {
      copyWhole(data, offset, step, width, start, out);
    };
  const kept: Places[] = [];
  return (data, offset, start, out) => {
    if (out.length === 0) return;
    const first = Math.floor(start / width);
    const last = Math.floor((start + out.length - 1) / width);
    for (let from = 0; from < width; from += COLUMNS) {
      const to = Math.min(from + COLUMNS, width);
      const block = from / COLUMNS;
      const places = block < kept.length ? kept[block] : placesOf(inner, innerStrides, from, to);
      if (width <= MOST_KEPT) kept[block] = places;
      for (let row = first; row <= last;) {
        const at = row * width - start; // of column 0 in `out`
        // only the first and the last row may be there in part
        const together = at + from >= 0 && at + (ROWS - 1) * width + to <= out.length;
        if (together) copyRows(data, offset + row * step, places, step, out, at + from, width);
        else copyPart(data, offset + row * step, places, out, at + from);
        row += together ? ROWS : 1;
      }
    }
  };
}

/** As a `gatherer` does that is used once. */
export function gather(
  data: Data,
  offset: number,
  shape: Shape,
  strides: Strides,
  start: number,
  out: Float32Array,
): void {
  gatherer(shape, strides)(data, offset, start, out);
}

/** Rows of `width` elements without gaps. */
function copyWhole(
  data: Data,
  offset: number,
  step: number,
  width: number,
  start: number,
  out: Float32Array,
): void {
  for (let done = 0; done < out.length;) {
    const column = (start + done) % width;
    const from = offset + Math.floor((start + done) / width) * step + column;
    const length = Math.min(width - column, out.length - done);
    out.set(data.subarray(from, from + length), done);
    done += length;
  }
}

/** Places of the elements [from, to) of the row-major order, from element [0, ..., 0] on. */
function placesOf(shape: Shape, strides: Strides, from: number, to: number): Places {
  const index = shape.map(() => 0);
  let rest = from;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  let at = index.reduce((sum, position, axis) => sum + position * strides[axis], 0);
  const reach = shape.reduce((sum, size, axis) => sum + size * Math.abs(strides[axis]), 0);
  const places = new (reach < 2 ** 31 ? Int32Array : Float64Array)(to - from);
  for (let column = 0; column < places.length; column++) {
    places[column] = at;
    // carry over the axes as an odometer does
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return places;
}

/** The columns of ROWS rows, which lie `step` apart in `data` and `width` apart in `out`. */
function copyRows(
  data: Data,
  base: number,
  places: Places,
  step: number,
  out: Float32Array,
  at: number,
  width: number,
): void {
  const second = at + width;
  const third = second + width;
  const fourth = third + width;
  for (let column = 0; column < places.length; column++) {
    const from = base + places[column];
    out[at + column] = data[from];
    out[second + column] = data[from + step];
    out[third + column] = data[from + 2 * step];
    out[fourth + column] = data[from + 3 * step];
  }
}

/** Those columns of one row that `out` has room for. */
function copyPart(data: Data, base: number, places: Places, out: Float32Array, at: number): void {
  const end = Math.min(places.length, out.length - at);
  for (let column = Math.max(0, -at); column < end; column++) out[at + column] = data[base + places[column]];
}
