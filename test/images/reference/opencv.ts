/**
 * lib/images/opencv.ts and its kernel in scalar form, one product after the other: their oracle for sizes that no golden
 * file has. That it is cv::resize, the golden files say.
 */
import { roundHalfToEven, type Pixels, type Region } from "../../../lib/images/pixels.js";

const ONE = 2048; // 11 fraction bits

/** Between which two source pixels an output lies, and the weights of the two. */
interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWeight: Int32Array;
  readonly secondWeight: Int32Array;
}

/**
 * The `region` of `image` resized to width x height pixels.
 * @returns data [region.height, region.width, 3], the same bytes as the whole result has there.
 */
export function resizeOpencv(image: Pixels, width: number, height: number, region: Region): Pixels {
  const { width: columns, height: rows } = region;
  const across = pairs(image.width, width, region.left, columns, true);
  const down = pairs(image.height, height, region.top, rows, false);
  const data = new Uint8Array(rows * columns * 3);
  // Output rows go down the source, so two interpolated rows are enough; -1 holds none yet.
  let above = { row: -1, values: new Int32Array(columns * 3) };
  let below = { row: -1, values: new Int32Array(columns * 3) };
  for (let i = 0; i < rows; i++) {
    const first = down.first[i];
    const second = down.second[i];
    if (below.row === first) [above, below] = [below, above];
    if (above.row !== first) interpolateRow(image, across, first, above.values);
    above.row = first;
    if (second !== first && below.row !== second) {
      interpolateRow(image, across, second, below.values);
      below.row = second;
    }
    const lower = second === first ? above : below;
    mixRows(above.values, lower.values, down.firstWeight[i], down.secondWeight[i], data, i * columns * 3);
  }
  return { width: columns, height: rows, data };
}

/**
 * Before the first and after the last centre OpenCV weights rows and columns differently: along a row the edge
 * pixel gets the whole weight (`snap`), along a column the edge row stands for both neighbours.
 */
function pairs(from: number, to: number, start: number, count: number, snap: boolean): Pairs {
  const scale = 1 / (to / from); // OpenCV keeps the inverse and inverts it again
  const result = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    firstWeight: new Int32Array(count),
    secondWeight: new Int32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const position = Math.fround((start + i + 0.5) * scale - 0.5);
    const pixel = Math.floor(position);
    const outside = pixel < 0 || pixel >= from - 1;
    const fraction = outside && snap ? 0 : Math.fround(position - pixel);
    result.first[i] = Math.min(Math.max(pixel, 0), from - 1);
    result.second[i] = Math.min(Math.max(pixel + 1, 0), from - 1);
    result.firstWeight[i] = roundHalfToEven(Math.fround(1 - fraction) * ONE);
    result.secondWeight[i] = roundHalfToEven(fraction * ONE);
  }
  return result;
}

/** One source row at the output's columns, with 11 fraction bits. */
function interpolateRow(image: Pixels, across: Pairs, row: number, target: Int32Array): void {
  const { first, second, firstWeight, secondWeight } = across;
  const { data } = image;
  const base = row * image.width * 3;
  let to = 0;
  for (let i = 0; i < first.length; i++) {
    const left = base + first[i] * 3;
    const right = base + second[i] * 3;
    const a = firstWeight[i];
    const b = secondWeight[i];
    target[to] = data[left] * a + data[right] * b;
    target[to + 1] = data[left + 1] * a + data[right + 1] * b;
    target[to + 2] = data[left + 2] * a + data[right + 2] * b;
    to += 3;
  }
}

function mixRows(
  above: Int32Array,
  below: Int32Array,
  a: number,
  b: number,
  target: Uint8Array,
  offset: number,
): void {
  for (let i = 0; i < above.length; i++) {
    const upper = Math.imul(a, above[i] >> 4) >> 16;
    const lower = Math.imul(b, below[i] >> 4) >> 16;
    target[offset + i] = (upper + lower + 2) >> 2;
  }
}
