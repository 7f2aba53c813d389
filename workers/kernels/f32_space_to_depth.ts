import { SpaceToDepthStep } from "./steps";

/**
 * Planes [C][H][W] to channels last, with the pixels of every block of blockSize x blockSize behind each other:
 * [block row][block column][row in it][column in it][C]. A block of 1 is a pixel.
 */
export function f32_space_to_depth(address: usize, inputImage: i32, outputImage: i32): void {
  const step = changetype<SpaceToDepthStep>(address);
  const size = step.blockSize;
  const pixel = step.channels << 2;
  const skip = step.outputColumn - size * pixel;
  const firstPhase = step.paddingLeft % size;
  const left = (step.paddingLeft / size) * step.outputColumn + firstPhase * pixel;
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const padded = row + step.paddingTop;
    const block = padded / size;
    const line =
      step.output +
      outputImage * step.outputImage +
      block * step.outputRow +
      (padded - block * size) * size * pixel +
      left;
    for (let channel = 0; channel < step.channels; channel++) {
      let from = <usize>(
        (step.input + inputImage * step.inputImage + channel * step.inputChannel + row * step.inputRow)
      );
      let to = <usize>(line + (channel << 2));
      let phase = firstPhase;
      for (const end = from + (step.columns << 2); from < end; from += 4) {
        store<f32>(to, load<f32>(from));
        to += pixel;
        if (++phase < size) continue;
        phase = 0;
        to += skip;
      }
    }
  }
}
