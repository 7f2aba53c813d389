import type { WinogradInputStep, WinogradOutputStep } from "../steps.js";
import { element } from "./element.js";
import { atLeast } from "./pointwise.js";
import { B_TRANSPOSED, outputTransform, POINTS } from "../winograd.js";
import type { Values } from "./values.js";

/** left x matrix x left^T, for a square matrix. */
export function sandwich(
  left: readonly (readonly number[])[],
  matrix: readonly (readonly number[])[],
): number[][] {
  const half = left.map((row) =>
    matrix[0].map((_, j) => row.reduce((sum, value, k) => sum + value * matrix[k][j], 0)),
  );
  return half.map((row) => left.map((other) => other.reduce((sum, value, k) => sum + value * row[k], 0)));
}

const square = (at: (i: number, j: number) => number): number[][] =>
  Array.from({ length: POINTS }, (_, i) => Array.from({ length: POINTS }, (__, j) => at(i, j)));

/** V = B^T d B for every window d of one image: plane 7 i + j holds V[i][j] as [tiles][towers][channels]. */
export function winogradInput(
  values: Values,
  step: WinogradInputStep,
  inputImage: number,
  outputImage: number,
): void {
  const all = step.towers * step.channels;
  for (let row = 0; row < step.tileRows; row++)
    for (let column = 0; column < step.tileColumns; column++)
      for (let index = 0; index < all; index++) {
        const tower = Math.floor(index / step.channels);
        const input =
          step.input +
          inputImage * step.inputImage +
          tower * step.inputTower +
          step.tileStep * (row * step.inputRow + column * step.inputColumn);
        const window = square(
          (i, j) =>
            values[element(input + i * step.inputRow + j * step.inputColumn) + (index % step.channels)],
        );
        const tile = row * step.tileColumns + column;
        const output = element(step.output + outputImage * step.outputImage) + tile * all + index;
        sandwich(B_TRANSPOSED, window).forEach((line, i) => {
          line.forEach((value, j) => {
            values[output + (POINTS * i + j) * (step.outputPlane >> 2)] = value;
          });
        });
      }
}

/** y = max(floor, A^T M A + bias) for every tile of `outputs` x `outputs` of one image, inside the map. */
export function winogradOutput(
  values: Values,
  step: WinogradOutputStep,
  inputImage: number,
  outputImage: number,
  outputs: number,
): void {
  const transform = outputTransform(outputs);
  const tileColumns = Math.ceil(step.outputColumns / outputs);
  const tiles = Math.ceil(step.outputRows / outputs) * tileColumns;
  for (let tile = 0; tile < tiles; tile++) {
    const input = element(step.input + inputImage * step.inputImage + tile * step.inputTile);
    const top = Math.floor(tile / tileColumns) * outputs;
    const left = (tile % tileColumns) * outputs;
    const rows = Math.min(outputs, step.outputRows - top);
    const columns = Math.min(outputs, step.outputColumns - left);
    const corner =
      step.output + outputImage * step.outputImage + top * step.outputRow + left * step.outputColumn;
    for (let channel = step.channelFrom; channel < step.channelTo; channel++) {
      const products = square((i, j) => values[input + (POINTS * i + j) * (step.inputPlane >> 2) + channel]);
      const sums = sandwich(transform, products);
      const bias = values[element(step.bias) + channel];
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const output = element(corner + row * step.outputRow + column * step.outputColumn);
          values[output + channel] = atLeast(step.floor, sums[row][column] + bias);
        }
    }
  }
}
