import type { ConvolutionStep, ExpandStep } from "../steps.js";
import { element } from "./element.js";
import type { Values } from "./values.js";

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

/** A panel of `size` elements whose words are at a byte address; outside of the memory. */
function unpacked({ buffer }: ArrayBufferView, address: number, size: number, panel: number): Float32Array {
  const output = new Uint32Array(size);
  // as words: as floats, signalling NaNs might not keep their bits
  unpack(new Uint32Array(buffer, address >>> 0, size / 2), output, panel);
  return new Float32Array(output.buffer);
}

/** A panel of bfloat16 [depth][panel], which lies in `memory`, to values. */
export function expand(
  values: Values,
  step: ExpandStep,
  inputPanel: number,
  outputPanel: number,
  panel: number,
  memory: ArrayBufferView = values,
): void {
  const input = step.input + inputPanel * step.inputPanel;
  const output = element(step.output + outputPanel * step.outputPanel);
  values.set(unpacked(memory, input, step.depth * panel, panel), output);
}

/** A panel of `size` bfloat16 weights of a convolution, which lie in `memory`, expanded outside of it. */
export const expandedPanel = (
  memory: ArrayBufferView,
  { weights }: ConvolutionStep,
  size: number,
  index: number,
  panel: number,
): Float32Array => unpacked(memory, weights + index * size * 2, size, panel);
