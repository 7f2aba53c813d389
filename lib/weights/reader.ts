import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import type { ReadTensor, TensorInfo } from "./weights.js";

/**
 * Makes the `ReadTensor` that every source hands out: names and ranges are checked before `fill` runs, and the
 * values after it.
 */
export function checkedReader<T extends TensorInfo>(
  source: string,
  tensors: ReadonlyMap<string, T>,
  fill: (tensor: T, start: number, out: Float32Array) => Promise<void>,
): ReadTensor {
  return async (name, start, out) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw weightsErrors.unknownTensor(source, name);
    const elements = elementsOf(tensor.shape);
    if (!Number.isInteger(start) || start < 0 || start + out.length > elements)
      throw weightsErrors.outOfRange(source, name, start, out.length, elements);
    await fill(tensor, start, out);
    const bad = firstNotFinite(out);
    if (bad >= 0) throw weightsErrors.notFinite(source, name, start + bad, out[bad]);
  };
}

/** Index of the first NaN or infinity, or -1. */
export function firstNotFinite(values: Float32Array): number {
  // x * 0 is 0 for every finite x and NaN for the others, so sums find one without a branch for each value;
  // four of them do not wait for each other.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * 0;
    b += values[i + 1] * 0;
    c += values[i + 2] * 0;
    d += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i] * 0;
  return a + b + c + d === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
