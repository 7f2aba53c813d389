/** A tensor as PyTorch's files describe it, as a view of a storage, checked. */
import { show } from "../../errors/base.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import { elementsOf } from "../../network/shapes.js";
import { DTYPES } from "../numbers.js";
import type { StoredTensor } from "../stored.js";
import { isRowMajor, LARGEST_SPAN, spanOf } from "../strided.js";
import { ELEMENT_BYTES, type Storage } from "./torch-storage.js";

/** Numbers as the file has them: whether they can be is not yet known. */
export interface TensorView {
  readonly storage: Storage;
  /** Elements of the storage before the first one. */
  readonly offset: unknown;
  readonly shape: Shape;
  /** Elements, an axis each. */
  readonly strides: Shape;
}

/** Axes of a tensor; AlexNet's have up to 4. */
export const LARGEST_RANK = 8;
const CONTIGUOUS = "save tensor.contiguous()";

/** Makes the errors about one tensor. */
export class TensorPlace {
  constructor(
    readonly source: string,
    readonly name: string,
  ) {}

  at(field: string): string {
    return `tensor ${show(this.name)}: ${field}`;
  }

  field(field: string, got: unknown, rule: string) {
    return weightsErrors.field(this.source, this.at(field), got, rule);
  }

  refused(problem: string, next: string) {
    return weightsErrors.refused(this.source, `tensor ${show(this.name)}`, problem, next);
  }
}

/**
 * The place of every element in the file.
 * @throws AlexNetError WEIGHTS_INVALID naming the tensor, where they do not lie in its storage, each in its own place.
 */
export function checkedTensor(place: TensorPlace, view: TensorView): StoredTensor {
  const { storage, offset, shape, strides } = view;
  const { type } = storage;
  if (type === "I64") throw weightsErrors.dtype(place.source, place.name, type, DTYPES);
  if (shape.length !== strides.length || shape.length > LARGEST_RANK)
    throw place.field(
      "stride",
      strides,
      `as long as size, which has ${shape.length}, up to ${LARGEST_RANK} axes`,
    );
  if (!isWhole(offset, 0)) throw place.field("storage offset", offset, "a whole number from 0");
  if (!shape.every((count) => isWhole(count, 1))) throw place.field("size", shape, "whole numbers from 1");
  if (!Number.isSafeInteger(elementsOf(shape)))
    throw place.field("size", shape, "of fewer than 2^53 elements");
  if (!strides.every((step) => isWhole(step, 0)))
    throw place.field("stride", strides, "whole numbers from 0");
  if (!isInjective(shape, strides))
    throw place.refused(
      `has stride [${strides.join(", ")}], by which elements of size [${shape.join(", ")}] share places`,
      CONTIGUOUS,
    );
  const span = spanOf(shape, strides);
  if (!Number.isSafeInteger(offset + span) || offset + span > storage.elements)
    throw place.field(
      "storage offset + span",
      offset + span,
      `at most ${storage.elements}, the elements of its storage`,
    );
  const tensor = {
    name: place.name,
    shape,
    dtype: type,
    offset: storage.offset + offset * ELEMENT_BYTES[type],
  };
  if (isRowMajor(shape, strides)) return tensor;
  if (span > LARGEST_SPAN)
    throw place.refused(`spans ${span} elements with gaps, more than ${LARGEST_SPAN}`, CONTIGUOUS);
  return { ...tensor, strides };
}

const isWhole = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;

/**
 * Whether all elements lie at places of their own: sorted by stride, each axis must step over what those before it
 * span. It holds for every tensor that was transposed or sliced; a stride of 0 (one float as a huge tensor) fails.
 */
function isInjective(shape: Shape, strides: Shape): boolean {
  const axes = shape.map((size, axis) => ({ size, stride: strides[axis] })).filter(({ size }) => size > 1);
  axes.sort((a, b) => a.stride - b.stride);
  let spanned = 0;
  return axes.every(({ size, stride }) => {
    const steps = stride > spanned;
    spanned += (size - 1) * stride;
    return steps;
  });
}
