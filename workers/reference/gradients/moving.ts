/** Kernels that only move elements. */
import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

/** output[c][r] = input[r][c], a block of each, panel by panel. */
export function transpose(
  values: Values,
  step: StepOf<"transpose">,
  inputBlock: number,
  outputBlock: number,
): void {
  for (let panel = 0; panel < step.panels; panel++) {
    const input = step.input + inputBlock * step.inputBlock + panel * step.inputPanel;
    const output = step.output + outputBlock * step.outputBlock + panel * step.outputPanel;
    for (let row = 0; row < step.rows; row++)
      for (let column = 0; column < step.columns; column++)
        values[element(output + column * step.outputRow) + row] =
          values[element(input + row * step.inputRow) + column];
  }
}

/**
 * Packed W [outputs / panel][rows][columns][inputs][panel] turned round, inputs and outputs exchanged: one panel of inputs
 * [rows][columns][outputs][panel], with zeros for those that do not exist.
 */
export function flipFilters(
  values: Values,
  step: StepOf<"flip_filters">,
  _: number,
  outputPanel: number,
  panel: number,
): void {
  const { inputs, outputs, rows, columns } = step;
  const taps = rows * columns;
  let output = element(step.output + outputPanel * step.outputPanel);
  for (let tap = taps - 1; tap >= 0; tap--)
    for (let o = 0; o < outputs; o++)
      for (let i = outputPanel * panel; i < (outputPanel + 1) * panel; i++, output++) {
        const from = element(step.input + Math.floor(o / panel) * step.inputPanel);
        values[output] = i < inputs ? values[from + (tap * inputs + i) * panel + (o % panel)] : 0;
      }
}

/** Row k of a panel [rows][panel] is row table[k] of another, or zeros where that is -1. */
export function gatherRows(
  values: Values,
  step: StepOf<"gather_rows">,
  [inputPanel, outputPanel]: readonly [inputPanel: number, outputPanel: number],
  words: Int32Array,
  panel: number,
): void {
  const input = element(step.input + inputPanel * step.inputPanel);
  const output = element(step.output + outputPanel * step.outputPanel);
  const table = element(step.table);
  for (let row = 0; row < step.rows; row++) {
    const from = words[table + row];
    for (let column = 0; column < panel; column++)
      values[output + row * panel + column] = from < 0 ? 0 : values[input + from * panel + column];
  }
}
