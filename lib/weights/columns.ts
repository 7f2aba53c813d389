/** Tensors [out, in] whose neighbours in the file are of one column, as caffe-tensorflow and ONNX's MatMul keep them. */
import { weightsErrors } from "../errors/weights.js";
import type { Shape } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { checkedReader } from "./reader.js";
import type { Strides } from "./strided.js";
import type { ColumnReader, TensorInfo } from "./weights.js";

/**
 * For each column as they lie, without gaps, which of the row-major order it is; undefined where they lie in other ways.
 * @param axes the axes that `strides` step along, the rows' first
 */
export function columnOrder([rows, ...inner]: Shape, [step, ...strides]: Strides): Int32Array | undefined {
  if (inner.length === 0 || step !== 1 || rows === 1) return undefined;
  // one axis more at a time, from the one that runs fastest on
  const axes = inner
    .map((size, axis) => ({ size, stride: strides[axis], column: elementsOf(inner.slice(axis + 1)) }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => a.stride - b.stride);
  const order = new Int32Array(elementsOf(inner));
  let count = 1;
  for (const { size, stride, column } of axes) {
    if (stride !== rows * count) return undefined;
    for (let index = 1; index < size; index++)
      for (let at = 0; at < count; at++) order[index * count + at] = order[at] + index * column;
    count *= size;
  }
  return order;
}

/**
 * Makes the `ColumnReader` of a source, with the checks of its `ReadTensor`.
 * @param fill reads elements in the order in which they lie
 */
export function checkedColumns<T extends TensorInfo>(
  source: string,
  tensors: ReadonlyMap<string, T>,
  orderOf: (tensor: T) => Int32Array | undefined,
  fill: (tensor: T, start: number, out: Float32Array) => Promise<void>,
): ColumnReader {
  const orders = new Map<T, Int32Array | undefined>();
  const order = (tensor: T) => {
    if (!orders.has(tensor)) orders.set(tensor, orderOf(tensor));
    return orders.get(tensor);
  };
  const read = checkedReader(source, tensors, fill, (tensor, index) => {
    const [rows, ...inner] = tensor.shape;
    const column = order(tensor)?.[Math.floor(index / rows)] ?? 0;
    return (index % rows) * elementsOf(inner) + column;
  });
  return {
    order: (name) => {
      const tensor = tensors.get(name);
      return tensor && order(tensor);
    },
    read: async (name, first, out) => {
      const tensor = tensors.get(name);
      if (tensor && !order(tensor)) throw weightsErrors.noColumns(source, name);
      await read(name, first * (tensor?.shape[0] ?? 1), out);
    },
  };
}
