import { ActivationStep } from "./steps";

/** ReLU and scale where no other kernel can store them with its own result. */
export function f32_activation(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<ActivationStep>(address);
  const floor = f32x4.splat(step.floor);
  const scale = f32x4.splat(step.scale);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    let input = <usize>(step.input + inputImage * step.inputImage + row * step.inputRow);
    let output = <usize>(step.output + outputImage * step.outputImage + row * step.outputRow);
    const end = input + (step.rowLength << 2);
    for (; input + 16 <= end; input += 16, output += 16)
      v128.store(output, f32x4.mul(scale, f32x4.pmax(v128.load(input), floor)));
    for (; input < end; input += 4, output += 4) {
      const x = load<f32>(input);
      store<f32>(output, step.scale * (x < step.floor ? step.floor : x));
    }
  }
}
