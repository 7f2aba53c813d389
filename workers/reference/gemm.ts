import type { GemmStep } from "../steps.js";
import { element } from "./element.js";
import type { Values } from "./values.js";

/** Y = X W for one plane, W packed [panels][depth][panelWidth]. */
export function gemm(
  values: Values,
  step: GemmStep,
  inputPlane: number,
  outputPlane: number,
  panelWidth: number,
): void {
  const input = step.input + inputPlane * step.inputPlane;
  const output = step.output + outputPlane * step.outputPlane;
  const weights = element(step.weights + inputPlane * step.weightsPlane);
  for (let row = 0; row < step.rows; row++) {
    const from = element(input + row * step.inputRow);
    const to = element(output + row * step.outputRow);
    for (let column = step.panelFrom * panelWidth; column < step.panelTo * panelWidth; column++) {
      const panel = Math.floor(column / panelWidth);
      let sum = 0;
      for (let k = 0; k < step.depth; k++) {
        const weight = values[weights + (panel * step.depth + k) * panelWidth + (column % panelWidth)];
        sum += values[from + k] * weight;
      }
      values[to + column] = sum;
    }
  }
}
