import type { AveragePoolingStep, PoolingStep } from "../steps.js";
import type { Values } from "./values.js";

/** From what a window has given so far, and the next value, to what it gives with that. */
type Next = (result: number, value: number) => number;
/** From what a window has given to its output; where the window begins, in rows and columns of the map. */
type Last = (result: number, top: number, left: number) => number;

/** Each window's values, row by row, of what lies inside the map. */
function pool(
  values: Values,
  step: PoolingStep,
  [inputImage, outputImage]: readonly [inputImage: number, outputImage: number],
  start: number,
  next: Next,
  last: Last,
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
        let result = start;
        for (let y = Math.max(top, 0); y < bottom; y++)
          for (let x = Math.max(left, 0); x < right; x++)
            result = next(result, values[input + y * inputRow + x * step.channels + channel]);
        values[output + column * step.channels + channel] = last(result, top, left);
      }
    }
  }
}

/** y[row, column, channel] = the largest x of the window, of what lies inside the map; a NaN is passed over. */
export function maxPooling(values: Values, step: PoolingStep, inputImage: number, outputImage: number): void {
  pool(
    values,
    step,
    [inputImage, outputImage],
    -Infinity,
    (largest, value) => (largest < value ? value : largest),
    (largest) => largest,
  );
}

/**
 * y[row, column, channel] = the sum of x over what lies of the window inside the map, divided by the number of its
 * elements that count: those of the map, and of so much padding around it as the step says.
 */
export function averagePooling(
  values: Values,
  step: AveragePoolingStep,
  inputImage: number,
  outputImage: number,
): void {
  const { kernelRows, kernelColumns, inputRows, inputColumns } = step;
  const rows = (top: number): number =>
    Math.min(top + kernelRows, inputRows + step.countedBottom) - Math.max(top, -step.countedTop);
  const columns = (left: number): number =>
    Math.min(left + kernelColumns, inputColumns + step.countedRight) - Math.max(left, -step.countedLeft);
  pool(
    values,
    step,
    [inputImage, outputImage],
    0,
    (sum, value) => sum + value,
    (sum, top, left) => sum / (rows(top) * columns(left)),
  );
}
