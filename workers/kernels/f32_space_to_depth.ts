import { SpaceToDepthStep } from "./steps";

/**
 * Planes [C][H][W] to channels last, with the pixels of every block of blockSize x blockSize behind each other:
 * [block row][block column][row in it][column in it][C]. A block of 1 is a pixel. What is not finite is told on the way,
 * which costs nothing beside reading it: x - x is 0, or NaN for those.
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
    let odd: f32 = 0;
    if (step.channels == 3 && size == 4 && firstPhase == 0) {
      let oddOnes = f32x4.splat(0);
      for (; done + 4 <= step.columns; done += 4) {
        const from = <usize>(input + (done << 2));
        oddOnes = f32x4.add(oddOnes, fourPixels(from, step.inputChannel, <usize>(line + (done >> 2) * step.outputColumn)));
      }
      if (v128.any_true(f32x4.ne(oddOnes, oddOnes))) odd = f32.NaN;
    }
    for (let channel = 0; channel < step.channels; channel++) {
      let from = <usize>(input + channel * step.inputChannel + (done << 2));
      let to = <usize>(line + (done >> 2) * step.outputColumn + (channel << 2));
      let phase = firstPhase;
      for (const end = from + ((step.columns - done) << 2); from < end; from += 4) {
        const x = load<f32>(from);
        store<f32>(to, x);
        odd += x - x;
        to += pixel;
        if (++phase < size) continue;
        phase = 0;
        to += skip;
      }
    }
    // every worker that stores stores the same
    if (odd != odd) store<i32>(<usize>step.notFinite, 1);
  }
}

/**
 * A row of a block of AlexNet's input, four pixels of three planes: r0 g0 b0 r1, g1 b1 r2 g2, b2 r3 g3 b3. Gives sums of
 * what each value is less itself.
 */
@inline
function fourPixels(from: usize, plane: usize, to: usize): v128 {
  const r = v128.load(from);
  const g = v128.load(from + plane);
  const b = v128.load(from + 2 * plane);
  const first = v128.shuffle<f32>(r, g, 0, 4, 1, 5);
  const second = v128.shuffle<f32>(r, g, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(first, b, 0, 1, 4, 2), 0);
  v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(first, b, 3, 5, 3, 5), second, 0, 1, 4, 5), 16);
  v128.store(to, v128.shuffle<f32>(b, second, 2, 6, 7, 3), 32);
  return f32x4.add(f32x4.add(f32x4.sub(r, r), f32x4.sub(g, g)), f32x4.sub(b, b));
}
