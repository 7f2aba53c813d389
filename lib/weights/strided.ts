import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";

/** Elements from one index to the next, an axis each. */
export type Strides = readonly number[];

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

/**
 * Copies `out.length` elements, from element `start` of the row-major order on, out of a tensor of any strides
 * whose element [0, ..., 0] is at `offset` of `data`. The caller has checked that they lie in `data`.
 */
export function gather(
  data: Float32Array | Float64Array,
  offset: number,
  shape: Shape,
  strides: Strides,
  start: number,
  out: Float32Array,
): void {
  if (out.length === 0) return;
  if (shape.length === 0) {
    out[0] = data[offset];
    return;
  }
  const [, ...inner] = shape;
  const [step, ...innerStrides] = strides;
  const width = elementsOf(inner);
  const first = Math.floor(start / width);
  const last = Math.floor((start + out.length - 1) / width);
  for (let from = 0; from < width; from += COLUMNS) {
    const to = Math.min(from + COLUMNS, width);
    const places = placesOf(inner, innerStrides, from, to);
    for (let row = first; row <= last;) {
      const at = row * width - start; // of column 0 in `out`
      // only the first and the last row may be there in part
      const together = at + from >= 0 && at + (ROWS - 1) * width + to <= out.length;
      if (together) copyRows(data, offset + row * step, places, step, out, at + from, width);
      else copyPart(data, offset + row * step, places, out, at + from);
      row += together ? ROWS : 1;
    }
  }
}

/** Places of the elements [from, to) of the row-major order, from element [0, ..., 0] on. */
function placesOf(shape: Shape, strides: Strides, from: number, to: number): Int32Array | Float64Array {
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
  data: Float32Array | Float64Array,
  base: number,
  places: Int32Array | Float64Array,
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
function copyPart(
  data: Float32Array | Float64Array,
  base: number,
  places: Int32Array | Float64Array,
  out: Float32Array,
  at: number,
): void {
  const end = Math.min(places.length, out.length - at);
  for (let column = Math.max(0, -at); column < end; column++) out[at + column] = data[base + places[column]];
}
