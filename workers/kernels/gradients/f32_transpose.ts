import { TransposeStep } from "./steps";

/** 4 x 4 at a time by shuffles, what is left one by one. */
export function f32_transpose(address: usize, inputBlock: i32, outputBlock: i32): void {
  const step = changetype<TransposeStep>(address);
  let input = <usize>(step.input + inputBlock * step.inputBlock);
  let output = <usize>(step.output + outputBlock * step.outputBlock);
  for (let panel = step.panels; panel > 0; panel--) {
    transposePanel(step, input, output);
    input += step.inputPanel;
    output += step.outputPanel;
  }
}

@inline
function transposePanel(step: TransposeStep, input: usize, output: usize): void {
  const inputRow = <usize>step.inputRow;
  const outputRow = <usize>step.outputRow;
  const rows = step.rows & ~3;
  const columns = step.columns & ~3;
  for (let r = 0; r < rows; r += 4) {
    let from = input + <usize>r * inputRow;
    let to = output + <usize>(r << 2);
    for (let c = 0; c < columns; c += 4) {
      const a = v128.load(from);
      const b = v128.load(from + inputRow);
      const d = v128.load(from + 2 * inputRow);
      const e = v128.load(from + 3 * inputRow);
      const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const de0 = v128.shuffle<i32>(d, e, 0, 4, 1, 5);
      const de1 = v128.shuffle<i32>(d, e, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(ab0, de0, 0, 2));
      v128.store(to + outputRow, v128.shuffle<i64>(ab0, de0, 1, 3));
      v128.store(to + 2 * outputRow, v128.shuffle<i64>(ab1, de1, 0, 2));
      v128.store(to + 3 * outputRow, v128.shuffle<i64>(ab1, de1, 1, 3));
      from += 16;
      to += 4 * outputRow;
    }
    transposeRest(input, output, inputRow, outputRow, r, r + 4, columns, step.columns);
  }
  transposeRest(input, output, inputRow, outputRow, rows, step.rows, 0, step.columns);
}

function transposeRest(
  input: usize,
  output: usize,
  inputRow: usize,
  outputRow: usize,
  rowFrom: i32,
  rowTo: i32,
  columnFrom: i32,
  columnTo: i32,
): void {
  for (let r = rowFrom; r < rowTo; r++)
    for (let c = columnFrom; c < columnTo; c++)
      store<f32>(
        output + <usize>c * outputRow + <usize>(r << 2),
        load<f32>(input + <usize>r * inputRow + <usize>(c << 2)),
      );
}
