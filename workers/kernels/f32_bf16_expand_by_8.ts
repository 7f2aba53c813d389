import { lower, upper } from "./bf16";
import { ExpandStep } from "./steps";

const NR = 8;

/** One panel of weights from bfloat16 to float32, as the tiled kernels read it. */
export function f32_bf16_expand_by_8(address: usize, inputPanel: i32, outputPanel: i32): void {
  const step = changetype<ExpandStep>(address);
  let input = <usize>(step.input + inputPanel * step.inputPanel);
  let output = <usize>(step.output + outputPanel * step.outputPanel);
  for (const end = input + step.depth * (NR << 1); input < end; input += NR << 1, output += NR << 2) {
    const b0 = v128.load(input);
    v128.store(output, lower(b0), 0);
    v128.store(output, upper(b0), 16);
  }
}
