import { GatherRowsStep } from "./steps";

const ROW: usize = 32;

export function f32_gather_rows_by_8(address: usize, inputPanel: i32, outputPanel: i32): void {
  const step = changetype<GatherRowsStep>(address);
  const input = <usize>(step.input + inputPanel * step.inputPanel);
  let to = <usize>(step.output + outputPanel * step.outputPanel);
  for (let k = 0; k < step.rows; k++, to += ROW) {
    const row = load<i32>(<usize>(step.table + (k << 2)));
    if (row < 0) memory.fill(to, 0, ROW);
    else memory.copy(to, input + <usize>row * ROW, ROW);
  }
}
