import { WinogradFilterStep } from "./steps";

// G of workers/winograd.ts: the row of a finite point p is its powers by a scale, that of infinity the highest tap alone.
// Powers of two are exact: only the scales of thirds, ninths, fifteenths and forty-fifths are rounded.
const SCALES = memory.data<f32>([-2, -0.6666666865348816, -0.2222222238779068, 1.7777777910232544, 1.0666667222976685, 0.04444444552063942]);

/** What the row of a finite point has in common, in every lane. */
@inline
export function scale(index: usize): v128 {
  return v128.load32_splat(SCALES + (index << 2));
}

/** Seven sums of `taps` vectors of eight outputs at `from`, `step` bytes apart, to `to`, `plane` bytes apart. */
@inline
function transform(from: usize, step: usize, to: usize, plane: usize, taps: i32): void {
  half(from, step, to, plane, taps, 0);
  half(from, step, to, plane, taps, 16);
}

@inline
function half(from: usize, step: usize, to: usize, plane: usize, taps: i32, at: usize): void {
  const g0 = v128.load(from + at);
  const g1 = v128.load(from + step + at);
  const g2 = v128.load(from + 2 * step + at);
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const quarter = f32x4.splat(0.25);
  const half2 = f32x4.splat(0.5);
  let even = f32x4.add(g0, g2);
  let odd = g1;
  // at the points 1/2 and 2, even and odd powers alone
  let evenHalf = f32x4.add(g0, f32x4.mul(g2, quarter));
  let oddHalf = f32x4.mul(g1, half2);
  let evenTwo = f32x4.add(g0, f32x4.mul(g2, four));
  let oddTwo = f32x4.mul(g1, two);
  let last = g2;
  if (taps == 5) {
    const g3 = v128.load(from + 3 * step + at);
    const g4 = v128.load(from + 4 * step + at);
    even = f32x4.add(even, g4);
    odd = f32x4.add(odd, g3);
    evenHalf = f32x4.add(evenHalf, f32x4.mul(g4, f32x4.splat(0.0625)));
    oddHalf = f32x4.add(oddHalf, f32x4.mul(g3, f32x4.splat(0.125)));
    evenTwo = f32x4.add(evenTwo, f32x4.mul(g4, f32x4.splat(16)));
    oddTwo = f32x4.add(oddTwo, f32x4.mul(g3, f32x4.splat(8)));
    last = g4;
  }
  v128.store(to + at, f32x4.mul(g0, scale(0)));
  v128.store(to + plane + at, f32x4.mul(f32x4.add(even, odd), scale(1)));
  v128.store(to + 2 * plane + at, f32x4.mul(f32x4.sub(even, odd), scale(2)));
  v128.store(to + 3 * plane + at, f32x4.mul(f32x4.add(evenHalf, oddHalf), scale(3)));
  v128.store(to + 4 * plane + at, f32x4.mul(f32x4.sub(evenHalf, oddHalf), scale(4)));
  v128.store(to + 5 * plane + at, f32x4.mul(f32x4.add(evenTwo, oddTwo), scale(5)));
  v128.store(to + 6 * plane + at, last);
}

/** Columns of a filter to the scratch, [7][taps][8 outputs], then its rows to the planes: eight outputs at a time. */
@inline
export function winogradFilter(address: usize, inputPanel: i32, outputPanel: i32, NR: i32): void {
  const step = changetype<WinogradFilterStep>(address);
  const scratch = <usize>step.scratch;
  const plane = <usize>step.outputPlane;
  const channels = step.channels;
  const taps = step.taps;
  const tap = <usize>(channels * NR) << 2;
  const filter = <usize>(taps * taps) * tap;
  const input = <usize>(step.input + inputPanel * step.inputPanel);
  let to = <usize>(step.output + outputPanel * step.outputPanel);
  const five = taps == 5;
  for (let outer = 0; outer < step.outer; outer++)
    for (let c = 0; c < channels; c++, to += NR << 2)
      for (let lane = 0; lane < NR; lane += 8) {
        const from = input + <usize>outer * filter + (<usize>(c * NR + lane) << 2);
        const line = <usize>taps << 5;
        for (let x = 0; x < taps; x++) {
          const column = from + <usize>x * tap;
          if (five) transform(column, 5 * tap, scratch + <usize>(x << 5), line, 5);
          else transform(column, 3 * tap, scratch + <usize>(x << 5), line, 3);
        }
        const target = to + <usize>(lane << 2);
        for (let i = 0; i < 7; i++) {
          const row = scratch + <usize>i * line;
          if (five) transform(row, 32, target + <usize>(7 * i) * plane, plane, 5);
          else transform(row, 32, target + <usize>(7 * i) * plane, plane, 3);
        }
      }
}
