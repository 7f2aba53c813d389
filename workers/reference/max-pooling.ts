import type { MaxPoolingStep } from "../steps.js";

/** y[row, column, channel] = the largest x of the window, of what lies inside the map. */
export function maxPooling(
  values: Float32Array,
  step: MaxPoolingStep,
  inputImage: number,
  outputImage: number,
): void {
  const input = (step.input + inputImage * step.inputImage) >>> 2;
  const inputRow = step.inputRow >> 2;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const output = (step.output + outputImage * step.outputImage + row * step.outputRow) >>> 2;
    const top = row * step.strideRows - step.paddingTop;
    const bottom = Math.min(top + step.kernelRows, step.inputRows);
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const right = Math.min(left + step.kernelColumns, step.inputColumns);
      for (let channel = 0; channel < step.channels; channel++) {
        let largest = -Infinity;
        for (let y = Math.max(top, 0); y < bottom; y++)
          for (let x = Math.max(left, 0); x < right; x++) {
            const value = values[input + y * inputRow + x * step.channels + channel];
            if (largest < value) largest = value;
          }
        values[output + column * step.channels + channel] = largest;
      }
    }
  }
}
