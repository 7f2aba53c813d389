import { weightsErrors } from "../errors/weights.js";
import { elementsOf } from "../network/shapes.js";
import { layerNames } from "./names.js";
import { checkedReader } from "./reader.js";
import { gather, isRowMajor, rowMajor, type Strides } from "./strided.js";
import type { Purpose, TensorInfo, Weights } from "./weights.js";

/** An ndarray, of any strides, or just its data in row-major order with a shape. */
export interface TensorLike {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
  /** Elements from one index to the next, an axis each; row-major where missing. */
  readonly stride?: readonly number[];
  /** Element of `data` where the tensor starts; 0 where missing. */
  readonly offset?: number;
}

export interface MemoryOptions extends Purpose {
  /** What messages call these weights; "memory" where missing. */
  readonly source?: string;
}

interface MemoryTensor extends TensorInfo {
  readonly data: Float32Array | Float64Array;
  readonly strides: Strides;
  readonly offset: number;
}

/**
 * Weights out of tensors in memory, named "LAYER.weight" and "LAYER.bias", or as PyTorch's AlexNet names them:
 * convolutions [out, in / groups, kh, kw], fully connected layers [out, in], biases [out]. Nothing is copied, so
 * what is written to the tensors later is read later.
 * @throws AlexNetError INPUT_INVALID for a tensor that does not lie in its data, WEIGHTS_INVALID for two of one name.
 */
export function weightsFromTensors(
  tensors: Readonly<Record<string, TensorLike>>,
  options: MemoryOptions = {},
): Weights {
  const { source = "memory", ...purpose } = options;
  const given = new Map(Object.entries(tensors).map(([name, tensor]) => [name, checkTensor(name, tensor)]));
  const named = layerNames(source, given);
  const read = checkedReader(source, named, ({ data, offset, shape, strides }, start, out) => {
    if (isRowMajor(shape, strides)) out.set(data.subarray(offset + start, offset + start + out.length));
    else gather(data, offset, shape, strides, start, out);
    return Promise.resolve();
  });
  return {
    ...purpose,
    source,
    format: "memory",
    tensors: new Map([...named].map(([name, { shape, dtype }]) => [name, { name, shape, dtype }])),
    stream: (consume) => consume(read),
  };
}

function checkTensor(name: string, tensor: TensorLike): MemoryTensor {
  const { data, shape, offset = 0, stride: strides = rowMajor(shape) } = tensor;
  if (!(data instanceof Float32Array) && !(data instanceof Float64Array))
    throw weightsErrors.tensorInput(name, "data", data, "a Float32Array or a Float64Array");
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 1))
    throw weightsErrors.tensorInput(name, "shape", shape, "whole numbers from 1");
  if (strides.length !== shape.length || !strides.every(Number.isSafeInteger))
    throw weightsErrors.tensorInput(
      name,
      "stride",
      strides,
      `${shape.length} whole numbers, one for each axis`,
    );
  // strides may be negative (a flipped axis), so the first and the last place are sums of their own
  const reach = shape.map((size, axis) => (size - 1) * strides[axis]);
  const first = reach.reduce((sum, step) => sum + Math.min(step, 0), offset);
  const last = reach.reduce((sum, step) => sum + Math.max(step, 0), offset);
  if (!Number.isSafeInteger(offset) || first < 0 || last >= data.length)
    throw weightsErrors.tensorInput(
      name,
      "place in data",
      [first, last],
      `inside its ${data.length} elements, as shape [${shape.join(", ")}] from offset ${offset} needs`,
    );
  if (!Number.isSafeInteger(elementsOf(shape)))
    throw weightsErrors.tensorInput(name, "shape", shape, "of fewer than 2^53 elements");
  return {
    name,
    shape: [...shape],
    dtype: data instanceof Float32Array ? "F32" : "F64",
    data,
    strides,
    offset,
  };
}
