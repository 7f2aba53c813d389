import type { GemmStep } from "../steps.js";

/** Y = X W for one plane, W packed [panels][depth][panelWidth]. */
export function gemm(
  values: Float32Array,
  step: GemmStep,
  inputPlane: number,
  outputPlane: number,
  panelWidth: number,
): void {
  const input = (step.input + inputPlane * step.inputPlane) / 4;
  const output = (step.output + outputPlane * step.outputPlane) / 4;
  const weights = (step.weights + inputPlane * step.weightsPlane) / 4;
  for (let row = 0; row < step.rows; row++)
    for (let column = step.panelFrom * panelWidth; column < step.panelTo * panelWidth; column++) {
      const panel = Math.floor(column / panelWidth);
      let sum = 0;
      for (let k = 0; k < step.depth; k++) {
        const weight = values[weights + (panel * step.depth + k) * panelWidth + (column % panelWidth)];
        sum += values[input + (row * step.inputRow) / 4 + k] * weight;
      }
      values[output + (row * step.outputRow) / 4 + column] = sum;
    }
}
