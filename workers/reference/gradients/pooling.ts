import type { StepOf } from "../../steps.js";
import { element } from "../element.js";
import type { Values } from "../values.js";

type PoolingStep = StepOf<"max_pooling_gradient"> | StepOf<"average_pooling_gradient">;

/** The part of a window that lies inside the map: rows from y0 on before y1, columns from x0 on before x1. */
interface Window {
  readonly top: number;
  readonly left: number;
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

/** Adds to dx; the element of row y, column x and the channel of the window's dy. */
type Give = (y: number, x: number, value: number) => void;

/** dx: `share` gives each window's dy to elements of the map; windows row by row. */
function spread(
  values: Values,
  step: PoolingStep,
  slot: number,
  share: (window: Window, channel: number, gradient: number, give: Give) => void,
): void {
  const { channels, inputRows, inputColumns } = step;
  const rowLength = inputColumns * channels;
  const sums = new Float64Array(inputRows * rowLength);
  for (let row = 0; row < step.outputRows; row++) {
    const gradients = element(step.gradient + slot * step.gradientImage + row * step.gradientRow);
    const top = row * step.strideRows - step.paddingTop;
    for (let column = 0; column < step.outputColumns; column++) {
      const left = column * step.strideColumns - step.paddingLeft;
      const window = {
        ...{ top, left, y0: Math.max(top, 0), x0: Math.max(left, 0) },
        y1: Math.min(top + step.kernelRows, inputRows),
        x1: Math.min(left + step.kernelColumns, inputColumns),
      };
      for (let channel = 0; channel < channels; channel++)
        share(window, channel, values[gradients + column * channels + channel], (y, x, value) => {
          sums[y * rowLength + x * channels + channel] += value;
        });
    }
  }
  for (let row = 0; row < inputRows; row++) {
    const output = element(step.output + slot * step.outputImage + row * step.outputRow);
    values.set(sums.subarray(row * rowLength, (row + 1) * rowLength), output);
  }
}

/** Each window gives its dy to its first largest element, row by row; a NaN is passed over. */
export function maxPoolingGradient(
  values: Values,
  step: StepOf<"max_pooling_gradient">,
  image: number,
  slot: number,
): void {
  spread(values, step, slot, ({ y0, y1, x0, x1 }, channel, gradient, give) => {
    let largest = -Infinity;
    let place: [y: number, x: number] | undefined;
    for (let y = y0; y < y1; y++) {
      const input = element(step.input + image * step.inputImage + y * step.inputRow);
      for (let x = x0; x < x1; x++) {
        const value = values[input + x * step.channels + channel];
        // -Infinity is largest only where nothing else but NaN is in the window
        if (value > largest || (place === undefined && value === largest)) {
          largest = value;
          place = [y, x];
        }
      }
    }
    if (place !== undefined) give(...place, gradient);
  });
}

/** Each window gives dy / count to what lies of it inside the map; count as for the pooling itself. */
export function averagePoolingGradient(
  values: Values,
  step: StepOf<"average_pooling_gradient">,
  _image: number,
  slot: number,
): void {
  spread(values, step, slot, ({ top, left, y0, y1, x0, x1 }, _channel, gradient, give) => {
    const { kernelRows, kernelColumns, inputRows, inputColumns } = step;
    const rows = Math.min(top + kernelRows, inputRows + step.countedBottom) - Math.max(top, -step.countedTop);
    const columns =
      Math.min(left + kernelColumns, inputColumns + step.countedRight) - Math.max(left, -step.countedLeft);
    const part = gradient / (rows * columns);
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) give(y, x, part);
  });
}
