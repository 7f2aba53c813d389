import type { StepOf } from "../../steps.js";
import { filterTransform, POINTS } from "../../winograd.js";
import { element } from "../element.js";
import type { Values } from "../values.js";
import { sandwich } from "../winograd.js";

/** U = G g G^T for the filters of a panel: [outer][taps][taps][channels][panel] to 49 planes [outer x channels][panel]. */
export function winogradFilter(
  values: Values,
  step: StepOf<"winograd_filter">,
  inputPanel: number,
  outputPanel: number,
  panel: number,
): void {
  const { channels, taps } = step;
  const transform = filterTransform(taps);
  const input = element(step.input + inputPanel * step.inputPanel);
  const output = element(step.output + outputPanel * step.outputPanel);
  const rowLength = channels * panel;
  for (let outer = 0; outer < step.outer; outer++)
    for (let index = 0; index < rowLength; index++) {
      const from = input + outer * taps * taps * rowLength + index;
      const filter = transform[0].map((_, y) =>
        transform[0].map((__, x) => values[from + (y * taps + x) * rowLength]),
      );
      const to = output + outer * rowLength + index;
      sandwich(transform, filter).forEach((line, i) => {
        line.forEach((value, j) => {
          values[to + (POINTS * i + j) * (step.outputPlane >> 2)] = value;
        });
      });
    }
}
