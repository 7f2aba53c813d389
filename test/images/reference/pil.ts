/**
 * lib/images/pil.ts and its kernels in scalar form, one product after the other, weights not split: their oracle for
 * sizes that no golden file has. That it is Pillow's resize, the golden files say.
 */
import type { Pixels, Region } from "../../../lib/images/pixels.js";

const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** The weights of `count` outputs along one axis; output i sums lengths[i] inputs from starts[i] on. */
interface Taps {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Weights of output i from i * stride on, with FRACTION_BITS. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * The `region` of `image` resized to width x height pixels.
 * @returns data [region.height, region.width, 3], the same bytes as the whole result has there.
 */
export function resizePil(image: Pixels, width: number, height: number, region: Region): Pixels {
  const across = triangle(image.width, width, region.left, region.width);
  const down = triangle(image.height, height, region.top, region.height);
  const last = region.height - 1;
  const top = down.starts[0];
  const rows = down.starts[last] + down.lengths[last] - top;
  const between = shrinkRows(image, across, top, rows);
  const data = shrinkColumns(between, region.width * 3, down, top);
  return { width: region.width, height: region.height, data };
}

function triangle(from: number, to: number, first: number, count: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const stride = Math.ceil(support) * 2 + 1;
  const taps = {
    starts: new Int32Array(count),
    lengths: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
  };
  const exact = new Float64Array(stride);
  // Pillow multiplies by the reciprocal; a division could differ in the last bit.
  const narrow = 1 / support;
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(from, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let t = 0; t < length; t++) {
      exact[t] = Math.max(0, 1 - Math.abs((t + start - centre + 0.5) * narrow));
      sum += exact[t];
    }
    for (let t = 0; t < length; t++)
      taps.weights[i * stride + t] = Math.trunc(0.5 + (exact[t] / sum) * (1 << FRACTION_BITS));
    taps.starts[i] = start;
    taps.lengths[i] = length;
  }
  return taps;
}

/**
 * The pass along rows, over the source rows top .. top + rows - 1. A sum stays below 2^31 (weights add up to
 * about 2^22, bytes to 255); rounded weights need not add up to just 2^22, so results are clamped, as in Pillow.
 */
function shrinkRows(image: Pixels, taps: Taps, top: number, rows: number): Uint8ClampedArray {
  const { starts, lengths, weights, stride } = taps;
  const { data, width } = image;
  const count = starts.length;
  const result = new Uint8ClampedArray(rows * count * 3);
  let to = 0;
  for (let row = top; row < top + rows; row++) {
    for (let i = 0; i < count; i++) {
      let from = (row * width + starts[i]) * 3;
      let tap = i * stride;
      const end = tap + lengths[i];
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (; tap < end; tap++, from += 3) {
        const weight = weights[tap];
        red = (red + Math.imul(data[from], weight)) | 0;
        green = (green + Math.imul(data[from + 1], weight)) | 0;
        blue = (blue + Math.imul(data[from + 2], weight)) | 0;
      }
      result[to] = red >> FRACTION_BITS;
      result[to + 1] = green >> FRACTION_BITS;
      result[to + 2] = blue >> FRACTION_BITS;
      to += 3;
    }
  }
  return result;
}

/** The pass along columns; `source` has rows of rowLength bytes, the first of which is source row `top`. */
function shrinkColumns(source: Uint8ClampedArray, rowLength: number, taps: Taps, top: number): Uint8Array {
  const { starts, lengths, weights, stride } = taps;
  const result = new Uint8Array(starts.length * rowLength);
  const clamped = new Uint8ClampedArray(result.buffer);
  for (let i = 0; i < starts.length; i++) {
    const first = (starts[i] - top) * rowLength;
    const end = i * stride + lengths[i];
    for (let column = 0; column < rowLength; column++) {
      let from = first + column;
      let sum = HALF;
      for (let tap = i * stride; tap < end; tap++, from += rowLength)
        sum = (sum + Math.imul(source[from], weights[tap])) | 0;
      clamped[i * rowLength + column] = sum >> FRACTION_BITS;
    }
  }
  return result;
}
