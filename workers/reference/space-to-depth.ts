import type { SpaceToDepthStep } from "../steps.js";
import { element } from "./element.js";
import type { Values } from "./values.js";

/**
 * Planes [C][H][W] to channels last, the pixels of a block of blockSize x blockSize behind each other; tells in a
 * word of `memory` where a value is not finite.
 */
export function spaceToDepth(
  values: Values,
  step: SpaceToDepthStep,
  inputImage: number,
  outputImage: number,
  memory: ArrayBufferView = values,
): void {
  const { blockSize, channels } = step;
  for (let row = step.rowFrom; row < step.rowTo; row++)
    for (let column = 0; column < step.columns; column++) {
      const [y, x] = [row + step.paddingTop, column + step.paddingLeft];
      const block =
        Math.floor(y / blockSize) * step.outputRow + Math.floor(x / blockSize) * step.outputColumn;
      const pixel = (y % blockSize) * blockSize + (x % blockSize);
      const input = step.input + inputImage * step.inputImage + row * step.inputRow + 4 * column;
      const output = element(step.output + outputImage * step.outputImage + block) + pixel * channels;
      for (let channel = 0; channel < channels; channel++) {
        const value = values[element(input + channel * step.inputChannel)];
        values[output + channel] = value;
        if (!Number.isFinite(value)) new Int32Array(memory.buffer)[element(step.notFinite)] = 1;
      }
    }
}
