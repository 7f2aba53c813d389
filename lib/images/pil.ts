/**
 * Pillow's bilinear resize, which torchvision uses, to the bit (its 8-bit path, the same since version 2.7).
 *
 * Each output pixel is a weighted mean along one axis, then along the other. The weights are a triangle around
 * the output pixel's centre in the source. When shrinking the triangle is widened by the ratio, so every source
 * pixel counts (antialiasing). Weights are computed in double, divided by their sum, and rounded to integers of
 * 22 fraction bits; sums start at one half and are shifted down. Between the passes pixels are rounded to bytes.
 */
import type { Pixels, Region } from "./pixels.js";
import { bandRows, copyRows, Layout, withKernels } from "./resize-kernels.js";

const FRACTION_BITS = 22;
/** The kernels take a weight in two parts: these bits, and the rest. */
const LOWER_BITS = 15;
const LOWER = (1 << LOWER_BITS) - 1;

/** The weights of the outputs along one axis, and the inputs first .. end - 1 that they are for. */
interface Taps {
  /** `words` of each output: its first input, its pairs of weights, and the pairs in two words each. */
  readonly table: Int32Array;
  readonly words: number;
  readonly first: number;
  readonly end: number;
}

/**
 * The `region` of `image` resized to width x height pixels.
 * @returns data [region.height, region.width, 3], the same bytes as the whole result has there.
 */
export function resizePil(image: Pixels, width: number, height: number, region: Region): Pixels {
  const { width: columns, height: rows } = region;
  const across = triangle(image.width, width, region.left, columns);
  const down = triangle(image.height, height, region.top, rows);
  const sourceRow = image.width * 3;
  const targetRow = columns * 3;
  const most = bandRows(image);

  const layout = new Layout();
  const acrossAt = layout.take(across.table.byteLength);
  const downAt = layout.take(down.table.byteLength);
  const source = layout.take(most * sourceRow);
  // with room for the row that an odd tap is paired with
  const between = layout.take((down.end - down.first + 1) * targetRow);
  const target = layout.take(rows * targetRow);
  return withKernels(layout, (kernels, memory) => {
    new Int32Array(memory.buffer, acrossAt).set(across.table);
    new Int32Array(memory.buffer, downAt).set(down.table);
    for (let row = down.first; row < down.end; row += most) {
      const count = Math.min(most, down.end - row);
      copyRows(image, row, count, memory, source);
      const to = between + (row - down.first) * targetRow;
      kernels.pil_across(source, sourceRow, acrossAt, across.words * 4, columns, count, to);
    }
    kernels.pil_down(between - down.first * targetRow, targetRow, downAt, down.words * 4, rows, target);
    return { width: columns, height: rows, data: memory.slice(target, target + rows * targetRow) };
  });
}

function triangle(from: number, to: number, start: number, count: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const longest = Math.ceil(support) * 2 + 1;
  const words = 2 + (longest + 1);
  const table = new Int32Array(count * words);
  const exact = new Float64Array(longest);
  // Pillow multiplies by the reciprocal; a division could differ in the last bit.
  const narrow = 1 / support;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let t = 0; t < length; t++) {
      exact[t] = Math.max(0, 1 - Math.abs((t + first - centre + 0.5) * narrow));
      sum += exact[t];
    }
    let at = i * words;
    table[at++] = first;
    table[at++] = Math.ceil(length / 2);
    for (let t = 0; t < length; t++) {
      const weight = Math.trunc(0.5 + (exact[t] / sum) * (1 << FRACTION_BITS));
      const shift = t % 2 === 0 ? 0 : 16;
      table[at + (t & ~1)] |= (weight & LOWER) << shift;
      table[at + (t & ~1) + 1] |= (weight >> LOWER_BITS) << shift;
    }
    end = first + length;
  }
  return { table, words, first: table[0], end };
}
