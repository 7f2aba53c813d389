import { FlipFiltersStep } from "./steps";

/** NR outputs by NR inputs at a time, in blocks of 4 x 4: a row of W has an input's NR outputs, a row of the result an output's NR inputs. */
@inline
export function flipFilters(address: usize, panel: i32, NR: i32): void {
  const step = changetype<FlipFiltersStep>(address);
  const row = <usize>(NR << 2);
  const inputs = step.inputs;
  const outputs = step.outputs;
  const valid = min(inputs - panel * NR, NR);
  let to = <usize>(step.output + panel * step.outputPanel);
  for (let y = step.rows - 1; y >= 0; y--)
    for (let x = step.columns - 1; x >= 0; x--) {
      const taps = <usize>(y * step.columns + x) * <usize>inputs * row + <usize>panel * <usize>NR * row;
      for (let o = 0; o < outputs; o += NR) {
        const from = <usize>step.input + <usize>(o / NR) * <usize>step.inputPanel + taps;
        const count = min(outputs - o, NR);
        if (valid == NR && count == NR)
          for (let i: usize = 0; i < row; i += 16)
            for (let j: usize = 0; j < row; j += 16) turnBlock(from + (i >> 2) * row + j, to + (j >> 2) * row + i, row);
        else
          for (let j = 0; j < count; j++)
            for (let i = 0; i < NR; i++)
              store<f32>(
                to + <usize>j * row + <usize>(i << 2),
                i < valid ? load<f32>(from + <usize>i * row + <usize>(j << 2)) : 0,
              );
        to += <usize>count * row;
      }
    }
}

@inline
function turnBlock(from: usize, to: usize, row: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + row);
  const c = v128.load(from + 2 * row);
  const d = v128.load(from + 3 * row);
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2));
  v128.store(to + row, v128.shuffle<i64>(ab0, cd0, 1, 3));
  v128.store(to + 2 * row, v128.shuffle<i64>(ab1, cd1, 0, 2));
  v128.store(to + 3 * row, v128.shuffle<i64>(ab1, cd1, 1, 3));
}
