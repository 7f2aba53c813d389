/** Tensors of a model as a layer's parameters in the one logical layout. */
import type { Shape } from "../../network/layers.js";
import { elementsOf } from "../../network/shapes.js";
import type { Strides } from "../strided.js";
import type { OnnxTensor } from "./model.js";
import type { NodeView } from "./node-view.js";

/** A parameter in the logical layout, out of a tensor of the model. */
export interface PlacedTensor {
  readonly tensor: OnnxTensor;
  readonly shape: Shape;
  /** Elements of the tensor, where it is not row-major. */
  readonly strides?: Strides;
  readonly factor?: number;
}

/** [out, in] of a matrix that is [in, out] unless it is transposed. */
export function matrix(view: NodeView, transposed: boolean, features: number, factor: number): PlacedTensor {
  const tensor = view.weight(1, "weights");
  const { dims } = tensor;
  const [out, into] = transposed ? dims : [...dims].reverse();
  if (dims.length !== 2 || into !== features)
    throw view.unread(
      "the shape of its weights",
      dims,
      transposed ? `[out, ${features}], as its input has` : `[${features}, out], as its input has`,
      "export the model again",
    );
  return {
    tensor,
    shape: [out, into],
    ...(!transposed && { strides: [1, out] }),
    ...(factor !== 1 && { factor }),
  };
}

/** A bias of exactly [out]. */
export function exactVector(view: NodeView, index: number, out: number): PlacedTensor {
  const tensor = view.weight(index, "bias");
  const { dims } = tensor;
  if (dims.length !== 1 || dims[0] !== out) throw wrongBias(view, dims, out);
  return { tensor, shape: [out] };
}

const wrongBias = (view: NodeView, dims: Shape, out: number) =>
  view.unread("the shape of its bias", dims, `[${out}]`, "export the model again");

/**
 * A bias [out] that is repeated for every image: a row of as many, or one number for all, with an axis of one for the
 * images or without.
 */
export function vector(view: NodeView, index: number, out: number, factor = 1): PlacedTensor {
  const tensor = view.weight(index, "bias");
  const { dims } = tensor;
  const elements = elementsOf(dims);
  const row = elements === out && dims.at(-1) === out;
  if (dims.length > 2 || !(row || elements === 1)) throw wrongBias(view, dims, out);
  return {
    tensor,
    shape: [out],
    ...(elements === 1 && out > 1 && { strides: [0] }),
    ...(factor !== 1 && { factor }),
  };
}
