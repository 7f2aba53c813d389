import { madd } from "../madd";
import { factor, inverseFourthRoot, magicBits, None, Sixteen, storeSquares, sumOfWindow } from "../normalisation";
import { NormalisationGradientStep } from "./steps";

/**
 * The gradient of f32_lrn, a row at a time and over it three times. First the squares go into the scratch, each pixel
 * with room for the reach of two windows at both sides, its own and that of the ones that have it in them. Then each
 * channel's dy s^-beta goes to the output, and its term dy x s^(-beta - 1) into the scratch, to the place of the first
 * square of its window, which no later channel reads. So the terms that a channel sums lie where the squares of its own
 * window lay for f32_lrn.
 */
export function f32_lrn_gradient(address: usize, image: i32, slot: i32): void {
  const step = changetype<NormalisationGradientStep>(address);
  const reach = step.before + step.after;
  const quick = step.beta == 0.75;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = <usize>(step.input + image * step.inputImage + row * step.inputRow);
    const gradient = <usize>(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    const output = <usize>(step.output + slot * step.outputImage + row * step.outputRow);
    const scratch = <usize>step.scratch;
    storeSquares(input, scratch, step.columns, step.channels, reach, reach, step.below, step.above);
    if (reach == 4) {
      storeTerms<Sixteen>(step, quick, input, gradient, output);
      finish<Sixteen>(step, input, output);
    } else {
      storeTerms<None>(step, quick, input, gradient, output);
      finish<None>(step, input, output);
    }
  }
}

/** base^-0.25 of one channel. */
@inline
function root(base: f32): f32 {
  const y = inverseFourthRoot(
    f32x4.splat(base),
    magicBits(),
    factor(0),
    factor(1),
    factor(2),
    factor(3),
    factor(4),
    factor(5),
  );
  return f32x4.extract_lane(y, 0);
}

/** A channel's term to the first square of its window; gives dy s^-beta. */
function term(step: NormalisationGradientStep, quick: bool, first: usize, x: f32, dy: f32): f32 {
  const size = step.before + 1 + step.after;
  let sum = load<f32>(first);
  for (let j = 1; j < size; j++) sum += load<f32>(first + (j << 2));
  if (quick) {
    const y = root(step.k + step.alpha * sum);
    const square = y * y;
    const direct = dy * (y * square);
    store<f32>(first, x * square * square * direct);
    return direct;
  }
  const base = <f64>step.k + <f64>step.alpha * <f64>sum;
  const direct = <f64>dy * Math.pow(base, -(<f64>step.beta));
  store<f32>(first, <f32>(<f64>x * (direct / base)));
  return <f32>direct;
}

/** The terms of `bytes` of channels of a tower beside this one; without it they are 0. */
@inline
function storeOthers(
  step: NormalisationGradientStep,
  quick: bool,
  exists: bool,
  squares: usize,
  input: usize,
  gradient: usize,
  bytes: usize,
): void {
  for (let at: usize = 0; at < bytes; at += 4)
    if (exists) term(step, quick, squares + at, load<f32>(input + at), load<f32>(gradient + at));
    else store<f32>(squares + at, 0);
}

/** The terms of a row, and what the output has of each channel's own dy; `Reach` as for sumOfWindow. */
@inline
function storeTerms<Reach>(
  step: NormalisationGradientStep,
  quick: bool,
  input: usize,
  gradient: usize,
  output: usize,
): void {
  const channels = step.channels;
  const after = step.after;
  const size = step.before + 1 + after;
  const reach = <usize>((size - 1) << 2);
  const pixel = <usize>(channels << 2);
  const alpha = f32x4.splat(step.alpha);
  const k = f32x4.splat(step.k);
  const magic = magicBits();
  const minusQuarter = factor(0);
  const c2 = factor(1);
  const c1 = factor(2);
  const c0 = factor(3);
  const quarter = factor(4);
  const fiveQuarters = factor(5);
  const toBelow = <usize>(after << 2);
  const toAbove = <usize>(step.before << 2);
  const below = step.below != 0 && step.gradientBelow != 0;
  const above = step.above != 0 && step.gradientAbove != 0;
  let squares = <usize>step.scratch;
  for (let column = step.columns; column > 0; column--) {
    // the last `after` channels below, of the before + after that the fields point to
    const last = reach - toBelow;
    storeOthers(step, quick, below, squares, input + step.below + last, gradient + step.gradientBelow + last, toBelow);
    squares += toBelow;
    let c = 0;
    if (quick)
      for (; c + 8 <= channels; c += 8) {
        const at = <usize>(c << 2);
        const first = squares + at;
        const sum0 = sumOfWindow<None, Reach>(first, reach);
        const sum1 = sumOfWindow<Sixteen, Reach>(first, reach);
        const base0 = madd(alpha, sum0, k);
        const base1 = madd(alpha, sum1, k);
        // before the stores: V8 fuses no loads with a store between them
        const x0 = v128.load(input + at);
        const x1 = v128.load(input + at, 16);
        const dy0 = v128.load(gradient + at);
        const dy1 = v128.load(gradient + at, 16);
        const y0 = inverseFourthRoot(base0, magic, minusQuarter, c2, c1, c0, quarter, fiveQuarters);
        const y1 = inverseFourthRoot(base1, magic, minusQuarter, c2, c1, c0, quarter, fiveQuarters);
        const square0 = f32x4.mul(y0, y0);
        const square1 = f32x4.mul(y1, y1);
        const direct0 = f32x4.mul(dy0, f32x4.mul(y0, square0));
        const direct1 = f32x4.mul(dy1, f32x4.mul(y1, square1));
        v128.store(output + at, direct0);
        v128.store(output + at, direct1, 16);
        v128.store(first, f32x4.mul(f32x4.mul(f32x4.mul(x0, square0), square0), direct0));
        v128.store(first, f32x4.mul(f32x4.mul(f32x4.mul(x1, square1), square1), direct1), 16);
      }
    for (; c < channels; c++) {
      const at = <usize>(c << 2);
      const direct = term(step, quick, squares + at, load<f32>(input + at), load<f32>(gradient + at));
      store<f32>(output + at, direct);
    }
    squares += pixel;
    storeOthers(step, quick, above, squares, input + step.above, gradient + step.gradientAbove, toAbove);
    squares += reach + toAbove;
    input += pixel;
    gradient += pixel;
    output += pixel;
  }
}

/** dx from dy s^-beta and the terms; `Reach` as for sumOfWindow. */
@inline
function finish<Reach>(step: NormalisationGradientStep, input: usize, output: usize): void {
  const channels = step.channels;
  const size = step.before + 1 + step.after;
  const reach = <usize>((size - 1) << 2);
  const factorOfSum: f32 = -2 * step.alpha * step.beta;
  const factors = f32x4.splat(factorOfSum);
  let terms = <usize>step.scratch;
  for (let column = step.columns; column > 0; column--) {
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      const at = <usize>(c << 2);
      const first = terms + at;
      const sum0 = sumOfWindow<None, Reach>(first, reach);
      const sum1 = sumOfWindow<Sixteen, Reach>(first, reach);
      const x0 = v128.load(input + at);
      const x1 = v128.load(input + at, 16);
      const direct0 = v128.load(output + at);
      const direct1 = v128.load(output + at, 16);
      v128.store(output + at, madd(f32x4.mul(factors, x0), sum0, direct0));
      v128.store(output + at, madd(f32x4.mul(factors, x1), sum1, direct1), 16);
    }
    for (; c < channels; c++) {
      const at = <usize>(c << 2);
      let sum = load<f32>(terms + at);
      for (let j = 1; j < size; j++) sum += load<f32>(terms + at + (j << 2));
      store<f32>(output + at, load<f32>(output + at) + factorOfSum * load<f32>(input + at) * sum);
    }
    const pixel = <usize>(channels << 2);
    input += pixel;
    output += pixel;
    terms += pixel + (reach << 1);
  }
}
