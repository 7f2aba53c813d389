import { madd } from "./madd";
import { NormalisationStep } from "./steps";

/**
 * The bits that a quarter of a number's bits are taken from for its inverse fourth root, within 3.3 % of it. They make
 * 1 - base y^4 at most 0.126 in size, less than other bits do.
 */
const MAGIC = memory.data<i32>([0x4f582ea5]);
/**
 * -1/4; then, for that range, the polynomial of second degree in g = (1 - base y^4) / 4 that is nearest to (1 - 4 g)^-1/4
 * (within 5.7e-5 of it, by Remez' exchange), from its last coefficient to its first; 1/4 and 5/4.
 */
const FACTORS = memory.data<f32>([-0.25, 2.51568144, 1.0054366, 0.99999852, 0.25, 1.25]);

/**
 * Local response normalisation, channels last. A row's squares go into the scratch first, each pixel with room for
 * the window's reach at both sides (filled from the other tower where the window crosses), then every sum is taken
 * from there in the order of the channels.
 */
export function f32_lrn(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<NormalisationStep>(address);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = <usize>(step.input + inputImage * step.inputImage + row * step.inputRow);
    square(step, input);
    normalise(step, input, <usize>(step.output + outputImage * step.outputImage + row * step.outputRow));
  }
}

/** The squares of a row's pixels. */
@inline
function square(step: NormalisationStep, input: usize): void {
  // kept here: behind a store, the step would be read again
  const channels = step.channels;
  const before = step.before;
  const after = step.after;
  const below = step.below;
  const above = step.above;
  const reachBytes = <usize>((before + after) << 2);
  let squares = <usize>step.scratch;
  for (let column = step.columns; column > 0; column--) {
    for (let c = 0; c < before; c++) {
      const x: f32 = below ? load<f32>(input + below + (c << 2)) : 0;
      store<f32>(squares + (c << 2), x * x);
    }
    const own = squares + (before << 2);
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      const x0 = v128.load(input + (c << 2));
      const x1 = v128.load(input + (c << 2), 16);
      v128.store(own + (c << 2), f32x4.mul(x0, x0));
      v128.store(own + (c << 2), f32x4.mul(x1, x1), 16);
    }
    for (; c < channels; c++) {
      const x = load<f32>(input + (c << 2));
      store<f32>(own + (c << 2), x * x);
    }
    const behind = own + (channels << 2);
    for (let a = 0; a < after; a++) {
      const x: f32 = above ? load<f32>(input + above + (a << 2)) : 0;
      store<f32>(behind + (a << 2), x * x);
    }
    input += <usize>(channels << 2);
    squares += <usize>(channels << 2) + reachBytes;
  }
}

/**
 * x base^-0.75, with base^-0.25 by a step of the polynomial, which leaves 5.7e-5 of the error, and one of Newton's,
 * y (5/4 - base y^4 / 4): less work than two roots. In this order nothing leaves the range of float32.
 */
@inline
function scaled(
  x: v128,
  base: v128,
  magic: v128,
  minusQuarter: v128,
  c2: v128,
  c1: v128,
  c0: v128,
  quarter: v128,
  fiveQuarters: v128,
): v128 {
  const share = f32x4.mul(base, minusQuarter);
  let y = i32x4.sub(magic, i32x4.shr_u(base, 2));
  let square = f32x4.mul(y, y);
  const g = madd(f32x4.mul(share, square), square, quarter);
  y = f32x4.mul(y, madd(g, madd(g, c2, c1), c0));
  square = f32x4.mul(y, y);
  y = f32x4.mul(y, madd(f32x4.mul(share, square), square, fiveQuarters));
  return f32x4.mul(f32x4.mul(x, y), f32x4.mul(y, y));
}

/** A row's pixels from its squares. */
@inline
function normalise(step: NormalisationStep, input: usize, output: usize): void {
  const channels = step.channels;
  const size = step.before + 1 + step.after;
  const quick = step.beta == 0.75;
  const alpha = f32x4.splat(step.alpha);
  const k = f32x4.splat(step.k);
  const magic = v128.load32_splat(MAGIC);
  const minusQuarter = v128.load32_splat(FACTORS, 0);
  const c2 = v128.load32_splat(FACTORS, 4);
  const c1 = v128.load32_splat(FACTORS, 8);
  const c0 = v128.load32_splat(FACTORS, 12);
  const quarter = v128.load32_splat(FACTORS, 16);
  const fiveQuarters = v128.load32_splat(FACTORS, 20);
  const reach = (size - 1) << 2;
  let squares = <usize>step.scratch;
  for (let column = step.columns; column > 0; column--) {
    let c = 0;
    if (quick)
      for (; c + 8 <= channels; c += 8) {
        const at = c << 2;
        const first = squares + at;
        let sum0 = v128.load(first, 0);
        let sum1 = v128.load(first, 16);
        if (size == 5) {
          sum0 = f32x4.add(sum0, v128.load(first, 4));
          sum1 = f32x4.add(sum1, v128.load(first, 20));
          sum0 = f32x4.add(sum0, v128.load(first, 8));
          sum1 = f32x4.add(sum1, v128.load(first, 24));
          sum0 = f32x4.add(sum0, v128.load(first, 12));
          sum1 = f32x4.add(sum1, v128.load(first, 28));
          // The fifth square is 16 bytes on: if V8 knew that, it would take it for the first of the next four channels,
          // and not fuse the two halves.
          const fifth = first + reach;
          sum0 = f32x4.add(sum0, v128.load(fifth, 0));
          sum1 = f32x4.add(sum1, v128.load(fifth, 16));
        } else
          for (let j = 4; j <= reach; j += 4) {
            sum0 = f32x4.add(sum0, v128.load(first + j, 0));
            sum1 = f32x4.add(sum1, v128.load(first + j, 16));
          }
        const base0 = madd(alpha, sum0, k);
        const base1 = madd(alpha, sum1, k);
        // before the stores: V8 fuses no loads with a store between them
        const x0 = v128.load(input + at);
        const x1 = v128.load(input + at, 16);
        v128.store(output + at, scaled(x0, base0, magic, minusQuarter, c2, c1, c0, quarter, fiveQuarters));
        v128.store(output + at, scaled(x1, base1, magic, minusQuarter, c2, c1, c0, quarter, fiveQuarters), 16);
      }
    for (; c < channels; c++) {
      const at = c << 2;
      let sum = load<f32>(squares + at);
      for (let j = 1; j < size; j++) sum += load<f32>(squares + at + (j << 2));
      const base = <f64>step.k + <f64>step.alpha * <f64>sum;
      store<f32>(output + at, <f32>(<f64>load<f32>(input + at) * Math.pow(base, -(<f64>step.beta))));
    }
    input += <usize>(channels << 2);
    output += <usize>(channels << 2);
    squares += <usize>(channels << 2) + <usize>reach;
  }
}
