import type { ConvolutionStep, ExpandStep } from "../steps.js";

/**
 * float32 from packed bfloat16: in a row of panel / 2 words, word j holds column j in its lower half and
 * column panel / 2 + j in its upper half. A bfloat16 is the upper half of a float32.
 */
function unpack(words: Uint32Array, output: Uint32Array, panel: number): void {
  const half = panel / 2;
  for (let i = 0; i < output.length; i++) {
    const column = i % panel;
    const word = words[Math.floor(i / panel) * half + (column % half)];
    output[i] = column < half ? word << 16 : word & 0xffff0000;
  }
}

/** A part of the memory as words: as floats, signalling NaNs might not keep their bits. */
const wordsAt = ({ buffer }: Float32Array, address: number, count: number): Uint32Array =>
  new Uint32Array(buffer, address >>> 0, count);

/** A panel of bfloat16 [depth][panel] to float32. */
export function expand(
  values: Float32Array,
  step: ExpandStep,
  inputPanel: number,
  outputPanel: number,
  panel: number,
): void {
  const count = step.depth * panel;
  const input = wordsAt(values, step.input + inputPanel * step.inputPanel, count / 2);
  unpack(input, wordsAt(values, step.output + outputPanel * step.outputPanel, count), panel);
}

/** A panel of `size` bfloat16 weights of a convolution, expanded outside of the memory. */
export function expandedPanel(
  values: Float32Array,
  { weights }: ConvolutionStep,
  size: number,
  index: number,
  panel: number,
): Float32Array {
  const panelWords = new Uint32Array(size);
  unpack(wordsAt(values, weights + index * size * 2, size / 2), panelWords, panel);
  return new Float32Array(panelWords.buffer);
}
