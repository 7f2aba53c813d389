import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

/**
 * dW[k, o] (+)= sum over the positions of one image, row by row, of x[window element k] * dy[o]; dW is packed
 * [panels][K][panel], with what a last panel has beyond the channels left as it is.
 */
export function weightsGradient(
  values: Values,
  step: StepOf<"weights_gradient">,
  image: number,
  slot: number,
  panel: number,
): void {
  const depth = step.outerRuns * step.innerRuns * step.runLength;
  for (let index = step.panelFrom; index < step.panelTo; index++) {
    const first = index * panel;
    const channels = Math.min(step.channels - first, panel);
    let output = element(step.output) + index * depth * panel;
    for (let outer = 0; outer < step.outerRuns; outer++)
      for (let inner = 0; inner < step.innerRuns; inner++) {
        const run =
          step.input + image * step.inputImage + outer * step.outerStride + inner * step.innerStride;
        for (let i = 0; i < step.runLength; i++, output += panel)
          for (let channel = 0; channel < channels; channel++) {
            let sum = 0;
            for (let row = 0; row < step.rows; row++)
              for (let column = 0; column < step.columns; column++) {
                const x = element(run + row * step.inputRow + column * step.inputColumn) + i;
                const dy = element(
                  step.gradient +
                    slot * step.gradientImage +
                    row * step.gradientRow +
                    column * step.gradientColumn,
                );
                sum += values[x] * values[dy + first + channel];
              }
            const before = step.accumulate === 0 ? 0 : values[output + channel];
            values[output + channel] = before + sum;
          }
      }
  }
}
