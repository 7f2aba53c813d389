import { RectifierGradientStep } from "./steps";

/** Keeps the bits of dy where y > 0, and makes them 0 elsewhere, where y is NaN too. */
export function f32_rectifier_gradient(address: usize, image: i32, slot: i32): void {
  const step = changetype<RectifierGradientStep>(address);
  const zero = f32x4.splat(0);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    let input = <usize>(step.input + image * step.inputImage + row * step.inputRow);
    let gradient = <usize>(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    const end = input + (step.rowLength << 2);
    for (; input + 32 <= end; input += 32, gradient += 32) {
      const y0 = v128.load(input);
      const y1 = v128.load(input, 16);
      const dy0 = v128.load(gradient);
      const dy1 = v128.load(gradient, 16);
      v128.store(gradient, v128.and(dy0, f32x4.gt(y0, zero)));
      v128.store(gradient, v128.and(dy1, f32x4.gt(y1, zero)), 16);
    }
    for (; input < end; input += 4, gradient += 4) if (!(load<f32>(input) > 0)) store<f32>(gradient, 0);
  }
}
