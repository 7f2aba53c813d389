import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

/** dx of a channel, from what its own dy gives and what the windows give that have it in them. */
type Join = (direct: number, ofWindows: number) => number;

/**
 * dx[c] = dy[c] s[c]^-beta - 2 alpha beta x[c] * sum over j, whose window has c in it, of dy[j] x[j] s[j]^(-beta - 1),
 * with s[j] = k + alpha * sum of x^2 from j - before to j + after, clipped or across the towers.
 */
export function normalisationGradient(
  values: Values,
  step: StepOf<"normalisation_gradient">,
  image: number,
  slot: number,
): void {
  joinParts(values, step, [image, slot], (direct, ofWindows) => direct - ofWindows);
}

/** The same with the two parts joined as told, so that a test can have the sum of their magnitudes. */
export function joinParts(
  values: Values,
  step: StepOf<"normalisation_gradient">,
  [image, slot]: readonly [image: number, slot: number],
  join: Join,
): void {
  const { channels, before, after, alpha, beta, k } = step;
  const reach = before + after;
  /** Channel c of a pixel whose first channel is element `own`; what lies in no tower is 0. */
  const at = (own: number, below: number, above: number, c: number): number => {
    if (c < 0) return below === 0 ? 0 : values[own + (below >> 2) + reach + c];
    if (c < channels) return values[own + c];
    return above === 0 ? 0 : values[own + (above >> 2) + c - channels];
  };
  for (let row = step.rowFrom; row < step.rowTo; row++)
    for (let column = 0; column < step.columns; column++) {
      const pixel = column * channels;
      const input = element(step.input + image * step.inputImage + row * step.inputRow) + pixel;
      const gradient = element(step.gradient + slot * step.gradientImage + row * step.gradientRow) + pixel;
      const output = element(step.output + slot * step.outputImage + row * step.outputRow) + pixel;
      const x = (c: number): number => at(input, step.below, step.above, c);
      const dy = (c: number): number => at(gradient, step.gradientBelow, step.gradientAbove, c);
      const s = (c: number): number => {
        let sum = 0;
        for (let j = c - before; j <= c + after; j++) sum += x(j) ** 2;
        return k + alpha * sum;
      };
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let j = c - after; j <= c + before; j++) sum += dy(j) * x(j) * s(j) ** (-beta - 1);
        values[output + c] = join(dy(c) * s(c) ** -beta, 2 * alpha * beta * x(c) * sum);
      }
    }
}
