import { factor, inverseFourthRoot, magicBits, None, Sixteen, storeSquares, sumOfWindow } from "./normalisation";
import { madd } from "./madd";
import { NormalisationStep } from "./steps";

/**
 * Local response normalisation, channels last. A row's squares go into the scratch first, each pixel with room for
 * the window's reach at both sides (filled from the other tower where the window crosses), then every sum is taken
 * from there in the order of the channels.
 */
export function f32_lrn(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<NormalisationStep>(address);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = <usize>(step.input + inputImage * step.inputImage + row * step.inputRow);
    storeSquares(
      input,
      <usize>step.scratch,
      step.columns,
      step.channels,
      step.before,
      step.after,
      step.below,
      step.above,
    );
    const output = <usize>(step.output + outputImage * step.outputImage + row * step.outputRow);
    if (step.before + step.after == 4) normalise<Sixteen>(step, input, output);
    else normalise<None>(step, input, output);
  }
}

/** x base^-0.75: in this order nothing leaves the range of float32. */
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
  const y = inverseFourthRoot(base, magic, minusQuarter, c2, c1, c0, quarter, fiveQuarters);
  return f32x4.mul(f32x4.mul(x, y), f32x4.mul(y, y));
}

/** A row's pixels from its squares; `Reach` as for sumOfWindow. */
@inline
function normalise<Reach>(step: NormalisationStep, input: usize, output: usize): void {
  const channels = step.channels;
  const size = step.before + 1 + step.after;
  const quick = step.beta == 0.75;
  const alpha = f32x4.splat(step.alpha);
  const k = f32x4.splat(step.k);
  const magic = magicBits();
  const minusQuarter = factor(0);
  const c2 = factor(1);
  const c1 = factor(2);
  const c0 = factor(3);
  const quarter = factor(4);
  const fiveQuarters = factor(5);
  const reach = <usize>((size - 1) << 2);
  let squares = <usize>step.scratch;
  for (let column = step.columns; column > 0; column--) {
    let c = 0;
    if (quick)
      for (; c + 8 <= channels; c += 8) {
        const at = c << 2;
        const first = squares + at;
        const sum0 = sumOfWindow<None, Reach>(first, reach);
        const sum1 = sumOfWindow<Sixteen, Reach>(first, reach);
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
    squares += <usize>(channels << 2) + reach;
  }
}
