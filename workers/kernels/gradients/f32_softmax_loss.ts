import { SoftmaxLossStep } from "./steps";

/** All in float64, in the order of the classes; a power is taken twice rather than kept. */
export function f32_softmax_loss(address: usize, image: i32, slot: i32): void {
  const step = changetype<SoftmaxLossStep>(address);
  const towers = step.towers;
  const channels = step.channels;
  const input = <usize>(step.input + image * step.inputImage);
  const output = <usize>(step.output + slot * step.outputImage);
  const images = <usize>(image << 2);
  const label = load<i32>(<usize>step.labels + images);
  const own = load<f32>(input + <usize>(label / channels) * step.inputTower + <usize>((label % channels) << 2));

  let largest = -f32.POSITIVE_INFINITY;
  let rank = 0;
  for (let tower = 0; tower < towers; tower++)
    for (let c = 0; c < channels; c++) {
      const x = load<f32>(input + <usize>tower * step.inputTower + <usize>(c << 2));
      if (x > largest) largest = x;
      if (x > own) rank++;
    }

  // from the largest, so that no power is infinite
  let sum: f64 = 0;
  for (let tower = 0; tower < towers; tower++)
    for (let c = 0; c < channels; c++)
      sum += power(input + <usize>tower * step.inputTower + <usize>(c << 2), largest);

  const scale = <f64>step.scale;
  for (let tower = 0; tower < towers; tower++)
    for (let c = 0; c < channels; c++) {
      const share = power(input + <usize>tower * step.inputTower + <usize>(c << 2), largest) / sum;
      const target: f64 = tower * channels + c == label ? 1 : 0;
      store<f32>(output + <usize>tower * step.outputTower + <usize>(c << 2), <f32>(scale * (share - target)));
    }
  store<f32>(<usize>step.losses + images, <f32>(Math.log(sum) + (<f64>largest - <f64>own)));
  store<i32>(<usize>step.ranks + images, rank);
}

@inline
function power(address: usize, largest: f32): f64 {
  return Math.exp(<f64>load<f32>(address) - <f64>largest);
}
