import { philoxFill } from "../../philox.js";
import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

/** db[o] (+)= sum over the positions of one image of dy[o]. */
export function biasGradient(
  values: Values,
  step: StepOf<"bias_gradient">,
  _image: number,
  slot: number,
): void {
  for (let channel = step.channelFrom; channel < step.channelTo; channel++) {
    const output = element(step.output) + channel;
    let sum = step.accumulate === 0 ? 0 : values[output];
    for (let row = 0; row < step.rows; row++)
      for (let column = 0; column < step.columns; column++) {
        const position = slot * step.gradientImage + row * step.gradientRow + column * step.gradientColumn;
        sum += values[element(step.gradient + position) + channel];
      }
    values[output] = sum;
  }
}

/** dy = y > 0 ? dy : 0, in place. */
export function rectifierGradient(
  values: Values,
  step: StepOf<"rectifier_gradient">,
  image: number,
  slot: number,
): void {
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = element(step.input + image * step.inputImage + row * step.inputRow);
    const gradient = element(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    for (let i = 0; i < step.rowLength; i++) if (!(values[input + i] > 0)) values[gradient + i] = 0;
  }
}

/**
 * y = kept ? scale * x : 0: unit u of image n is kept if word u % 4 of Philox4x32-10 with the counter
 * [u / 4, n, layer, step] is at least the threshold.
 */
export function dropout(
  values: Values,
  step: StepOf<"dropout">,
  image: number,
  slot: number,
  words: Int32Array,
): void {
  const [key0, key1, trainingStep] = words.subarray(element(step.generator), element(step.generator) + 3);
  const random = new Uint32Array(4);
  for (let row = step.rowFrom; row < step.rowTo; row++) {
    const input = element(step.input + slot * step.inputImage + row * step.inputRow);
    const output = element(step.output + slot * step.outputImage + row * step.outputRow);
    const first = step.unit + row * step.rowLength;
    for (let i = 0; i < step.rowLength; i++) {
      const unit = first + i;
      if (i === 0 || unit % 4 === 0)
        philoxFill([key0, key1], [Math.floor(unit / 4), image, step.layer, trainingStep], random);
      values[output + i] = random[unit % 4] >= step.threshold >>> 0 ? step.scale * values[input + i] : 0;
    }
  }
}

/** v = momentum * v - decay * rate * w - rate * g; w = w + v: the rule of section 5 of the paper. */
export function momentumUpdate(values: Values, step: StepOf<"momentum_update">): void {
  const rule = element(step.rule);
  const [rate, decay, momentum] = values.subarray(rule, rule + 3);
  for (let i = 0; i < step.count; i++) {
    const weight = element(step.weights) + i;
    const velocity = element(step.velocity) + i;
    const gradient = values[element(step.gradient) + i];
    values[velocity] = momentum * values[velocity] - decay * rate * values[weight] - rate * gradient;
    values[weight] += values[velocity];
  }
}
