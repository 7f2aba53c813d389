import type { ConvolutionStep } from "../steps.js";
import { atLeast } from "./pointwise.js";

/** Element index of a byte address in a float32 view of the whole memory. */
const element = (address: number): number => address >>> 2;

/**
 * y[position, channel] = max(floor, bias[channel] + sum over the window of x * w), the window being
 * outerRuns x innerRuns runs of runLength elements, and w packed as [panels][K][panel].
 */
export function convolution(
  values: Float32Array,
  step: ConvolutionStep,
  inputImage: number,
  outputImage: number,
  panel: number,
): void {
  const depth = step.outerRuns * step.innerRuns * step.runLength;
  for (let position = step.positionFrom; position < step.positionTo; position++) {
    const row = Math.floor(position / step.columns);
    const column = position % step.columns;
    const input = step.input + inputImage * step.inputImage + row * step.inputRow + column * step.inputColumn;
    const output =
      step.output + outputImage * step.outputImage + row * step.outputRow + column * step.outputColumn;
    const channelTo = Math.min(step.channels, step.panelTo * panel);
    for (let channel = step.panelFrom * panel; channel < channelTo; channel++) {
      const packed = Math.floor(channel / panel);
      let weight = element(step.weights) + packed * depth * panel + (channel % panel);
      let sum = 0;
      for (let outer = 0; outer < step.outerRuns; outer++)
        for (let inner = 0; inner < step.innerRuns; inner++) {
          const run = element(input + outer * step.outerStride + inner * step.innerStride);
          for (let i = 0; i < step.runLength; i++, weight += panel) sum += values[run + i] * values[weight];
        }
      sum += values[element(step.bias) + channel];
      values[element(output) + channel] = atLeast(step.floor, sum);
    }
  }
}
