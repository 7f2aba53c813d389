/**
 * OpenCV 4's cv::resize with INTER_LINEAR on bytes, which Caffe uses, to the bit.
 *
 * Each output pixel is interpolated between the two nearest source pixels of each axis, whatever the ratio, so a
 * strong shrink skips pixels (no antialiasing). Positions are rounded to float32, weights to integers of 11
 * fraction bits. Rows are interpolated first and kept at 11 fraction bits; between rows the sum drops low bits on
 * the way, as the vector instructions do for which OpenCV has this form. (At the ratio 2 : 1 OpenCV changes to the
 * mean of 2 x 2 pixels; this gives the same bytes.)
 */
import { roundHalfToEven, type Pixels, type Region } from "./pixels.js";
import { bandRows, copyRows, Layout, withKernels } from "./resize-kernels.js";

const ONE = 2048; // 11 fraction bits

/** Words of an output in a table of `pairs`: the two source pixels or rows, and their weights, 16 bits each. */
const WORDS = 3;

/**
 * The `region` of `image` resized to width x height pixels.
 * @returns data [region.height, region.width, 3], the same bytes as the whole result has there.
 */
export function resizeOpencv(image: Pixels, width: number, height: number, region: Region): Pixels {
  const { width: columns, height: rows } = region;
  const across = pairs(image.width, width, region.left, columns, true);
  const down = pairs(image.height, height, region.top, rows, false);
  const sourceRow = image.width * 3;
  const targetRow = columns * 3;
  const most = bandRows(image);

  const layout = new Layout();
  const acrossAt = layout.take(across.byteLength);
  const downAt = layout.take(down.byteLength);
  const source = layout.take(most * sourceRow);
  const above = layout.take(targetRow * 2);
  const below = layout.take(targetRow * 2);
  const target = layout.take(rows * targetRow);
  return withKernels(layout, (kernels, memory) => {
    new Int32Array(memory.buffer, acrossAt).set(across);
    new Int32Array(memory.buffer, downAt).set(down);
    let from = 0;
    while (from < rows) {
      const to = bandEnd(down, from, rows, most);
      const top = down[from * WORDS];
      copyRows(image, top, down[(to - 1) * WORDS + 1] + 1 - top, memory, source);
      kernels.opencv(
        ...[source - top * sourceRow, sourceRow, acrossAt, columns, downAt + from * WORDS * 4, to - from],
        ...[above, below, target + from * targetRow],
      );
      from = to;
    }
    return { width: columns, height: rows, data: memory.slice(target, target + rows * targetRow) };
  });
}

/**
 * The output row behind the last one that goes with output row `from`: as far as `most` source rows reach, and only
 * while no source row is skipped, which would be copied for nothing.
 */
function bandEnd(down: Int32Array, from: number, rows: number, most: number): number {
  const top = down[from * WORDS];
  let to = from + 1;
  while (to < rows) {
    const first = down[to * WORDS];
    const second = down[to * WORDS + 1];
    if (second >= top + most || first > down[(to - 1) * WORDS + 1] + 1) break;
    to++;
  }
  return to;
}

/**
 * Before the first and after the last centre OpenCV weights rows and columns differently: along a row the edge
 * pixel gets the whole weight (`snap`), along a column the edge row stands for both neighbours.
 */
function pairs(from: number, to: number, start: number, count: number, snap: boolean): Int32Array {
  const scale = 1 / (to / from); // OpenCV keeps the inverse and inverts it again
  const result = new Int32Array(count * WORDS);
  for (let i = 0; i < count; i++) {
    const position = Math.fround((start + i + 0.5) * scale - 0.5);
    const pixel = Math.floor(position);
    const outside = pixel < 0 || pixel >= from - 1;
    const fraction = outside && snap ? 0 : Math.fround(position - pixel);
    const firstWeight = roundHalfToEven(Math.fround(1 - fraction) * ONE);
    const secondWeight = roundHalfToEven(fraction * ONE);
    result[i * WORDS] = Math.min(Math.max(pixel, 0), from - 1);
    result[i * WORDS + 1] = Math.min(Math.max(pixel + 1, 0), from - 1);
    result[i * WORDS + 2] = firstWeight | (secondWeight << 16);
  }
  return result;
}
