import { BiasGradientStep } from "./steps";

/**
 * Sums over the positions of a map, channels last: a row's first, then those of the rows, which rounds less than one sum
 * of all. The same order in every lane, and nothing to fuse: the same bits in all sets and for every share of the channels.
 */
export function f32_bias_gradient(address: usize, _image: i32, slot: i32): void {
  const step = changetype<BiasGradientStep>(address);
  const first = <usize>(step.gradient + slot * step.gradientImage);
  const end = first + <usize>(step.rows * step.gradientRow);
  const width = <usize>(step.columns * step.gradientColumn);
  const row = <usize>step.gradientRow;
  const column = <usize>step.gradientColumn;
  const accumulate = step.accumulate != 0;
  const to = step.channelTo;
  let channel = step.channelFrom;
  let output = <usize>(step.output + (channel << 2));
  for (; channel + 16 <= to; channel += 16) {
    let sum0 = f32x4.splat(0),
      sum1 = sum0,
      sum2 = sum0,
      sum3 = sum0;
    const offset = <usize>(channel << 2);
    for (let line = first + offset; line < end + offset; line += row) {
      let row0 = f32x4.splat(0),
        row1 = row0,
        row2 = row0,
        row3 = row0;
      for (let at = line, lineEnd = line + width; at < lineEnd; at += column) {
        row0 = f32x4.add(row0, v128.load(at));
        row1 = f32x4.add(row1, v128.load(at, 16));
        row2 = f32x4.add(row2, v128.load(at, 32));
        row3 = f32x4.add(row3, v128.load(at, 48));
      }
      sum0 = f32x4.add(sum0, row0);
      sum1 = f32x4.add(sum1, row1);
      sum2 = f32x4.add(sum2, row2);
      sum3 = f32x4.add(sum3, row3);
    }
    if (accumulate) {
      sum0 = f32x4.add(v128.load(output), sum0);
      sum1 = f32x4.add(v128.load(output, 16), sum1);
      sum2 = f32x4.add(v128.load(output, 32), sum2);
      sum3 = f32x4.add(v128.load(output, 48), sum3);
    }
    v128.store(output, sum0);
    v128.store(output, sum1, 16);
    v128.store(output, sum2, 32);
    v128.store(output, sum3, 48);
    output += 64;
  }
  for (; channel + 4 <= to; channel += 4, output += 16) {
    let sum = f32x4.splat(0);
    const offset = <usize>(channel << 2);
    for (let line = first + offset; line < end + offset; line += row) {
      let rowSum = f32x4.splat(0);
      for (let at = line, lineEnd = line + width; at < lineEnd; at += column)
        rowSum = f32x4.add(rowSum, v128.load(at));
      sum = f32x4.add(sum, rowSum);
    }
    v128.store(output, accumulate ? f32x4.add(v128.load(output), sum) : sum);
  }
  for (; channel < to; channel++, output += 4) {
    let sum: f32 = 0;
    const offset = <usize>(channel << 2);
    for (let line = first + offset; line < end + offset; line += row) {
      let rowSum: f32 = 0;
      for (let at = line, lineEnd = line + width; at < lineEnd; at += column) rowSum += load<f32>(at);
      sum += rowSum;
    }
    store<f32>(output, accumulate ? load<f32>(output) + sum : sum);
  }
}
