import { madd } from "./madd";
import { NormalisationStep } from "./steps";

/** The bits that a quarter of a number's bits are taken from for its inverse fourth root, within 3.4 % of it; 5/4, -1/4. */
const MAGIC = memory.data<i32>([0x4f58cae5]);
const FACTORS = memory.data<f32>([1.25, -0.25]);

/**
 * Local response normalisation, channels last. A row's squares go into the scratch first, each pixel with room for
 * the window's reach at both sides (filled from the other tower where the window crosses), then every sum is taken
 * from there in the order of the channels.
 */
export function f32_lrn(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<NormalisationStep>(address);
  const scratch = <usize>step.scratch;
  const channels = step.channels;
  const reach = step.before + step.after;
  const pixelBytes = channels << 2;
  const scratchPixel = (channels + reach) << 2;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = <usize>(step.input + inputImage * step.inputImage + row * step.inputRow);
    const output = <usize>(step.output + outputImage * step.outputImage + row * step.outputRow);
    for (let column = 0; column < step.columns; column++)
      square(step, input + column * pixelBytes, scratch + column * scratchPixel);
    for (let column = 0; column < step.columns; column++)
      normalise(step, input + column * pixelBytes, scratch + column * scratchPixel, output + column * pixelBytes);
  }
}

@inline
function square(step: NormalisationStep, input: usize, squares: usize): void {
  const before = step.before;
  for (let c = 0; c < before; c++) {
    const x: f32 = step.below ? load<f32>(input + step.below + (c << 2)) : 0;
    store<f32>(squares + (c << 2), x * x);
  }
  const own = squares + (before << 2);
  const channels = step.channels;
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
  for (let a = 0; a < step.after; a++) {
    const x: f32 = step.above ? load<f32>(input + step.above + (a << 2)) : 0;
    store<f32>(behind + (a << 2), x * x);
  }
}

/** x base^-0.75, with base^-0.25 by three of Newton's steps y (5/4 - base y^4 / 4): less work than two roots. */
@inline
function scaled(x: v128, base: v128, magic: v128, fiveQuarters: v128, minusQuarter: v128): v128 {
  const share = f32x4.mul(base, minusQuarter);
  let y = i32x4.sub(magic, i32x4.shr_u(base, 2));
  y = newton(y, share, fiveQuarters);
  y = newton(y, share, fiveQuarters);
  y = newton(y, share, fiveQuarters);
  return f32x4.mul(x, f32x4.mul(f32x4.mul(y, y), y));
}
@inline
function newton(y: v128, share: v128, fiveQuarters: v128): v128 {
  const square = f32x4.mul(y, y);
  // in this order nothing leaves the range of float32
  return f32x4.mul(y, madd(f32x4.mul(share, square), square, fiveQuarters));
}

@inline
function normalise(step: NormalisationStep, input: usize, squares: usize, output: usize): void {
  const channels = step.channels;
  const size = step.before + 1 + step.after;
  let c = 0;
  if (step.beta == 0.75) {
    const alpha = f32x4.splat(step.alpha);
    const k = f32x4.splat(step.k);
    const fiveQuarters = v128.load32_splat(FACTORS, 0);
    const minusQuarter = v128.load32_splat(FACTORS, 4);
    const magic = v128.load32_splat(MAGIC);
    const reach = (size - 1) << 2;
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
      v128.store(output + at, scaled(x0, base0, magic, fiveQuarters, minusQuarter));
      v128.store(output + at, scaled(x1, base1, magic, fiveQuarters, minusQuarter), 16);
    }
  }
  for (; c < channels; c++) {
    const at = c << 2;
    let sum = load<f32>(squares + at);
    for (let j = 1; j < size; j++) sum += load<f32>(squares + at + (j << 2));
    const base = <f64>step.k + <f64>step.alpha * <f64>sum;
    store<f32>(output + at, <f32>(<f64>load<f32>(input + at) * Math.pow(base, -(<f64>step.beta))));
  }
}
