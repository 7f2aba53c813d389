import { madd } from "./madd";
import { NormalisationStep } from "./steps";

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

@inline
function normalise(step: NormalisationStep, input: usize, squares: usize, output: usize): void {
  const channels = step.channels;
  const size = step.before + 1 + step.after;
  const alpha = f32x4.splat(step.alpha);
  const k = f32x4.splat(step.k);
  let c = 0;
  if (step.beta == 0.75) {
    for (; c + 8 <= channels; c += 8) {
      const at = c << 2;
      let sum0 = v128.load(squares + at);
      let sum1 = v128.load(squares + at, 16);
      for (let j = 1; j < size; j++) {
        sum0 = f32x4.add(sum0, v128.load(squares + at + (j << 2)));
        sum1 = f32x4.add(sum1, v128.load(squares + at + (j << 2), 16));
      }
      const base0 = madd(alpha, sum0, k);
      const base1 = madd(alpha, sum1, k);
      const root0 = f32x4.sqrt(base0);
      const root1 = f32x4.sqrt(base1);
      // base^0.75 = sqrt(base) * sqrt(sqrt(base))
      v128.store(output + at, f32x4.div(v128.load(input + at), f32x4.mul(root0, f32x4.sqrt(root0))));
      v128.store(output + at, f32x4.div(v128.load(input + at, 16), f32x4.mul(root1, f32x4.sqrt(root1))), 16);
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
