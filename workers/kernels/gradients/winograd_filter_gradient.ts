import { WinogradFilterGradientStep } from "./steps";
import { scale } from "./winograd_filter";

@inline
function scaled(from: usize, step: usize, point: i32): v128 {
  return f32x4.mul(v128.load(from + <usize>point * step), scale(point));
}

/** G^T of seven vectors of four outputs at `from`, `step` bytes apart, to `taps` at `to`, `line` bytes apart. */
@inline
function transform(from: usize, step: usize, to: usize, line: usize, taps: i32): void {
  const one = scaled(from, step, 1);
  const minusOne = scaled(from, step, 2);
  const half = scaled(from, step, 3);
  const minusHalf = scaled(from, step, 4);
  const two = scaled(from, step, 5);
  const last = v128.load(from + 6 * step);
  const even = f32x4.add(one, minusOne);
  const odd = f32x4.sub(one, minusOne);
  const evenHalf = f32x4.add(half, minusHalf);
  const oddHalf = f32x4.sub(half, minusHalf);
  const first = f32x4.add(f32x4.add(scaled(from, step, 0), even), f32x4.add(evenHalf, two));
  const second = power(odd, oddHalf, two, 0.5, 2);
  const third = power(even, evenHalf, two, 0.25, 4);
  v128.store(to, first);
  v128.store(to + line, second);
  if (taps == 3) {
    v128.store(to + 2 * line, f32x4.add(third, last));
    return;
  }
  v128.store(to + 2 * line, third);
  v128.store(to + 3 * line, power(odd, oddHalf, two, 0.125, 8));
  v128.store(to + 4 * line, f32x4.add(power(even, evenHalf, two, 0.0625, 16), last));
}

@inline
function power(near: v128, far: v128, two: v128, share: f32, times: f32): v128 {
  return f32x4.add(f32x4.add(near, f32x4.mul(far, f32x4.splat(share))), f32x4.mul(two, f32x4.splat(times)));
}

/** Columns of the planes to the scratch, [taps][7][4 outputs], then its rows to the filter: four outputs at a time. */
@inline
export function winogradFilterGradient(address: usize, inputPanel: i32, outputPanel: i32, NR: i32): void {
  const step = changetype<WinogradFilterGradientStep>(address);
  const scratch = <usize>step.scratch;
  const plane = <usize>step.inputPlane;
  const taps = step.taps;
  const tap = <usize>(step.channels * NR) << 2;
  const filter = <usize>(taps * taps) * tap;
  let from = <usize>(step.input + inputPanel * step.inputPanel);
  const output = <usize>(step.output + outputPanel * step.outputPanel);
  const five = taps == 5;
  const line: usize = 7 * 16;
  for (let outer = 0; outer < step.outer; outer++)
    for (let at: usize = 0; at < tap; at += 16, from += 16) {
      for (let j: usize = 0; j < 7; j++) {
        const column = from + j * plane;
        if (five) transform(column, 7 * plane, scratch + j * 16, line, 5);
        else transform(column, 7 * plane, scratch + j * 16, line, 3);
      }
      const to = output + <usize>outer * filter + at;
      for (let y = 0; y < taps; y++) {
        const row = scratch + <usize>y * line;
        const target = to + <usize>(y * taps) * tap;
        if (five) transform(row, 16, target, tap, 5);
        else transform(row, 16, target, tap, 3);
      }
    }
}
