import type { ConvolutionStep } from "../steps.js";
import { element } from "./element.js";
import { atLeast } from "./pointwise.js";
import type { Values } from "./values.js";

/** Panel number `index`, `size` elements in all: [K][panel]. */
type PanelOf = (values: Values, step: ConvolutionStep, size: number, index: number, panel: number) => Values;

/**
 * y[position, channel] = max(floor, bias[channel] + sum over the window of x * w), the window being
 * outerRuns x innerRuns runs of runLength elements, and w packed as [panels][K][panel]; `panelOf` gives one of those
 * panels.
 */
export function convolution(
  values: Values,
  step: ConvolutionStep,
  inputImage: number,
  outputImage: number,
  panel: number,
  panelOf: PanelOf = packed,
): void {
  const size = step.outerRuns * step.innerRuns * step.runLength * panel;
  for (let index = step.panelFrom; index < step.panelTo; index++) {
    const weights = panelOf(values, step, size, index, panel);
    const first = index * panel;
    const channels = Math.min(step.channels - first, panel);
    for (let position = step.positionFrom; position < step.positionTo; position++) {
      const row = Math.floor(position / step.columns);
      const column = position % step.columns;
      const input =
        step.input + inputImage * step.inputImage + row * step.inputRow + column * step.inputColumn;
      const output =
        step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn;
      for (let channel = 0; channel < channels; channel++) {
        let weight = channel;
        let sum = 0;
        for (let outer = 0; outer < step.outerRuns; outer++)
          for (let inner = 0; inner < step.innerRuns; inner++) {
            const run = element(input + outer * step.outerStride + inner * step.innerStride);
            for (let i = 0; i < step.runLength; i++, weight += panel)
              sum += values[run + i] * weights[weight];
          }
        sum += values[element(step.bias) + first + channel];
        values[element(output) + first + channel] = atLeast(step.floor, sum);
      }
    }
  }
}

function packed(values: Values, { weights }: ConvolutionStep, size: number, index: number): Values {
  const first = element(weights) + index * size;
  return values.subarray(first, first + size);
}
