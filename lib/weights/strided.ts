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
  const last = shape.length - 1;
  if (last < 0) {
    out[0] = data[offset];
    return;
  }
  const index = shape.map(() => 0);
  let rest = start;
  for (let axis = last; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  let at = index.reduce((sum, position, axis) => sum + position * strides[axis], offset);
  const step = strides[last];
  for (let filled = 0; filled < out.length;) {
    const run = Math.min(shape[last] - index[last], out.length - filled);
    for (let i = 0; i < run; i++, at += step) out[filled++] = data[at];
    // to the start of the next row: carry over the axes as an odometer does
    index[last] = 0;
    for (let axis = last - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
    at = index.reduce((sum, position, axis) => sum + position * strides[axis], offset);
  }
}
