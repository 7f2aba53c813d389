import type { ActivationStep, NormalisationStep } from "../steps.js";
import type { Values } from "./values.js";

/** y[c] = x[c] * (k + alpha * sum of x[j]^2)^-beta, j from c - before to c + after, clipped or across the towers. */
export function normalisation(
  values: Values,
  step: NormalisationStep,
  inputImage: number,
  outputImage: number,
): void {
  for (let row = step.rowFrom; row < step.rowTo; row++)
    for (let column = 0; column < step.columns; column++) {
      const pixel = column * step.channels;
      const input = ((step.input + inputImage * step.inputImage + row * step.inputRow) >>> 2) + pixel;
      const output = ((step.output + outputImage * step.outputImage + row * step.outputRow) >>> 2) + pixel;
      const at = (channel: number): number => {
        if (channel < 0)
          return step.below === 0 ? 0 : values[input + (step.below >> 2) + step.before + channel];
        if (channel < step.channels) return values[input + channel];
        return step.above === 0 ? 0 : values[input + (step.above >> 2) + channel - step.channels];
      };
      for (let channel = 0; channel < step.channels; channel++) {
        let sum = 0;
        for (let j = channel - step.before; j <= channel + step.after; j++) sum += at(j) ** 2;
        values[output + channel] = values[input + channel] * (step.k + step.alpha * sum) ** -step.beta;
      }
    }
}

/** y = scale * max(floor, x). */
export function activation(
  values: Values,
  step: ActivationStep,
  inputImage: number,
  outputImage: number,
): void {
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = (step.input + inputImage * step.inputImage + row * step.inputRow) >>> 2;
    const output = (step.output + outputImage * step.outputImage + row * step.outputRow) >>> 2;
    for (let i = 0; i < step.rowLength; i++)
      values[output + i] = step.scale * atLeast(step.floor, values[input + i]);
  }
}

/** max(floor, x); a NaN stays a NaN, so that a ReLU does not hide an overflow. */
export const atLeast = (floor: number, x: number): number => (x < floor ? floor : x);
