import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

/**
 * loss = log(sum of exp(x)) - x[label]; dx = scale * (softmax(x) - [c is the label]); rank = the number of classes whose
 * x is greater than the label's.
 */
export function softmaxLoss(
  values: Values,
  step: StepOf<"softmax_loss">,
  image: number,
  slot: number,
  words: Int32Array,
): void {
  const { towers, channels } = step;
  const inputs = Array.from({ length: towers * channels }, (_, c) => {
    const tower = Math.floor(c / channels);
    const address = step.input + image * step.inputImage + tower * step.inputTower;
    return values[element(address) + (c % channels)];
  });
  const label = words[element(step.labels) + image];
  // from the largest, so that no exp is infinite
  const largest = inputs.reduce((most, x) => (x > most ? x : most), -Infinity);
  const powers = inputs.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  values[element(step.losses) + image] = Math.log(sum) + (largest - inputs[label]);
  words[element(step.ranks) + image] = inputs.filter((x) => x > inputs[label]).length;
  powers.forEach((power, c) => {
    const address = step.output + slot * step.outputImage + Math.floor(c / channels) * step.outputTower;
    values[element(address) + (c % channels)] = step.scale * (power / sum - (c === label ? 1 : 0));
  });
}
