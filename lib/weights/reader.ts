import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import { firstNotFinite } from "./numbers.js";
import type { ReadTensor, TensorInfo } from "./weights.js";

/**
 * Makes the `ReadTensor` that every source hands out: names and ranges are checked before `fill` runs, and the
 * values after it.
 * @param placeOf where an element stands in the row-major order, if `fill` reads in another one
 */
export function checkedReader<T extends TensorInfo>(
  source: string,
  tensors: ReadonlyMap<string, T>,
  fill: (tensor: T, start: number, out: Float32Array) => Promise<void>,
  placeOf: (tensor: T, index: number) => number = (_, index) => index,
): ReadTensor {
  return async (name, start, out) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw weightsErrors.unknownTensor(source, name);
    const elements = elementsOf(tensor.shape);
    if (!Number.isInteger(start) || start < 0 || start + out.length > elements)
      throw weightsErrors.outOfRange(source, name, start, out.length, elements);
    await fill(tensor, start, out);
    const bad = firstNotFinite(out);
    if (bad >= 0) throw weightsErrors.notFinite(source, name, placeOf(tensor, start + bad), out[bad]);
  };
}
