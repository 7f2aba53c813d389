import { weightsErrors } from "../../errors/weights.js";
import type { DType } from "../weights.js";

/** NumPy's names of the numbers that are read. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["<f4", "F32"],
  ["<f8", "F64"],
  ["<f2", "F16"],
]);

/** @throws AlexNetError WEIGHTS_INVALID naming the tensor, where its numbers are none that are read. */
export function dtypeOf(source: string, tensor: string, descr: string): DType {
  const dtype = DTYPES.get(descr);
  if (dtype === undefined) throw weightsErrors.dtype(source, tensor, descr, [...DTYPES.keys()]);
  return dtype;
}
