import type { StepOf } from "../../steps.js";
import { filterTransform, outputTransform, PLANES, POINTS } from "../../winograd.js";
import { element } from "../element.js";
import type { Values } from "../values.js";
import { sandwich } from "../winograd.js";

const transposed = (matrix: readonly (readonly number[])[]): number[][] =>
  matrix[0].map((_, column) => matrix.map((row) => row[column]));

/** Z = A dy A^T for every tile of one image: plane 7 i + j holds Z[i][j] as [panels][tiles][panel]. */
export function winogradGradient(
  values: Values,
  step: StepOf<"winograd_gradient_5">,
  slot: number,
  image: number,
  outputs: number,
  panel: number,
): void {
  const transform = transposed(outputTransform(outputs));
  const tileColumns = Math.ceil(step.columns / outputs);
  const tiles = Math.ceil(step.rows / outputs) * tileColumns;
  for (let tile = 0; tile < tiles; tile++) {
    const top = Math.floor(tile / tileColumns) * outputs;
    const left = (tile % tileColumns) * outputs;
    for (let channel = step.panelFrom * panel; channel < step.panelTo * panel; channel++) {
      const dy = (row: number, column: number): number =>
        channel < step.channels && row < step.rows && column < step.columns
          ? values[
              element(
                step.gradient +
                  slot * step.gradientImage +
                  row * step.gradientRow +
                  column * step.gradientColumn,
              ) + channel
            ]
          : 0;
      const gradient = transform[0].map((_, y) => transform[0].map((__, x) => dy(top + y, left + x)));
      const output =
        element(step.output + image * step.outputImage + Math.floor(channel / panel) * step.outputPanel) +
        tile * panel +
        (channel % panel);
      sandwich(transform, gradient).forEach((line, i) => {
        line.forEach((value, j) => {
          values[output + (POINTS * i + j) * (step.outputPlane >> 2)] = value;
        });
      });
    }
  }
}

/** dU (+)= V^T Z of one plane: V [tiles][depth], Z [panels][tiles][panel], dU [panels][depth][panel]. */
export function gemmGradient(
  values: Values,
  step: StepOf<"gemm_gradient">,
  inputPlane: number,
  outputPlane: number,
  panel: number,
): void {
  const { depth } = step;
  for (let index = step.panelFrom; index < step.panelTo; index++) {
    const gradient = element(step.gradient + inputPlane * step.gradientPlane + index * step.gradientPanel);
    const output = element(step.output + outputPlane * step.outputPlane) + index * depth * panel;
    for (let k = 0; k < depth; k++)
      for (let column = 0; column < panel; column++) {
        const at = output + k * panel + column;
        let sum = step.accumulate === 0 ? 0 : values[at];
        for (let tile = 0; tile < step.rows; tile++) {
          const input = element(step.input + inputPlane * step.inputPlane + tile * step.inputRow);
          sum += values[input + k] * values[gradient + tile * panel + column];
        }
        values[at] = sum;
      }
  }
}

/** dg = G^T dU G for the filters of a panel: 49 planes [outer x channels][panel] to [outer][taps][taps][channels][panel]. */
export function winogradFilterGradient(
  values: Values,
  step: StepOf<"winograd_filter_gradient">,
  inputPanel: number,
  outputPanel: number,
  panel: number,
): void {
  const { channels, taps } = step;
  const transform = transposed(filterTransform(taps));
  const input = element(step.input + inputPanel * step.inputPanel);
  const output = element(step.output + outputPanel * step.outputPanel);
  const rowLength = channels * panel;
  const planes = Array.from({ length: PLANES }, (_, plane) => plane * (step.inputPlane >> 2));
  for (let outer = 0; outer < step.outer; outer++)
    for (let index = 0; index < rowLength; index++) {
      const from = input + outer * rowLength + index;
      const products = Array.from({ length: POINTS }, (_, i) =>
        planes.slice(POINTS * i, POINTS * (i + 1)).map((plane) => values[from + plane]),
      );
      const to = output + outer * taps * taps * rowLength + index;
      sandwich(transform, products).forEach((line, y) => {
        line.forEach((value, x) => {
          values[to + (y * taps + x) * rowLength] = value;
        });
      });
    }
}
