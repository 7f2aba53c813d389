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
    const input = step.input + inputImage * step.inputImage + row * step.inputRow;
    let done = 0;
    if (step.channels == 3 && size == 4 && firstPhase == 0)
      for (; done + 4 <= step.columns; done += 4)
        fourPixels(<usize>(input + (done << 2)), step.inputChannel, <usize>(line + (done >> 2) * step.outputColumn));
    for (let channel = 0; channel < step.channels; channel++) {
      let from = <usize>(input + channel * step.inputChannel + (done << 2));
      let to = <usize>(line + (done >> 2) * step.outputColumn + (channel << 2));
      let phase = firstPhase;
      for (const end = from + ((step.columns - done) << 2); from < end; from += 4) {
        store<f32>(to, load<f32>(from));
        to += pixel;
        if (++phase < size) continue;
        phase = 0;
        to += skip;
      }
    }
  }
}

/** A row of a block of AlexNet's input, four pixels of three planes: r0 g0 b0 r1, g1 b1 r2 g2, b2 r3 g3 b3. */
@inline
function fourPixels(from: usize, plane: usize, to: usize): void {
  const r = v128.load(from);
  const g = v128.load(from + plane);
  const b = v128.load(from + 2 * plane);
  const first = v128.shuffle<f32>(r, g, 0, 4, 1, 5);
  const second = v128.shuffle<f32>(r, g, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(first, b, 0, 1, 4, 2), 0);
  v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(first, b, 3, 5, 3, 5), second, 0, 1, 4, 5), 16);
  v128.store(to, v128.shuffle<f32>(b, second, 2, 6, 7, 3), 32);
}
