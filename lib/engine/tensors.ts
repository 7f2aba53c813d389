/** Tensors at the border: ndarrays of logical shape [N, C, H, W] over the shared memory and out of it. */
import ndarray, { type NdArray } from "ndarray";
import ops from "ndarray-ops";
import { engineErrors } from "../errors/engine.js";
import { elementsOf } from "../network/shapes.js";
import type { Plan } from "../plan/plan.js";
import { firstNotFinite } from "../weights/numbers.js";

export type FloatArray = NdArray<Float32Array>;

/** A tensor of the plan as ndarrays over the shared memory, one for each tower: [images, channels of a tower, H, W]. */
export function views(plan: Plan, memory: SharedArrayBuffer, tensor: number, images: number): FloatArray[] {
  const { shape, towers } = plan.graph.tensors[tensor];
  const place = plan.memory.placements[tensor];
  const values = new Float32Array(memory);
  return Array.from({ length: towers }, (_, tower) =>
    ndarray(
      values,
      [images, place.channels, shape[1], shape[2]],
      [place.image / 4, 1, place.row / 4, place.column / 4],
      (place.offset + tower * place.tower) / 4,
    ),
  );
}

/** The input tensor, [maxBatch, C, H, W] in one piece of the shared memory. */
export function inputView(plan: Plan, memory: SharedArrayBuffer): FloatArray {
  const shape = [plan.maxBatch, ...plan.network.input];
  const { offset } = plan.memory.placements[0];
  return ndarray(new Float32Array(memory, offset, elementsOf(shape)), shape);
}

/** A copy of images [0, images) of a tensor, as [images, C, H, W], put into `target` from image `first` on. */
export function copyOut(
  plan: Plan,
  memory: SharedArrayBuffer,
  tensor: number,
  images: number,
  target: FloatArray,
  first: number,
): void {
  const { channels } = plan.memory.placements[tensor];
  views(plan, memory, tensor, images).forEach((view, tower) => {
    const part = target.lo(first, tower * channels, 0, 0).hi(images, channels, view.shape[2], view.shape[3]);
    ops.assign(part, view);
  });
}

/**
 * What a caller gives as input, checked. It is a view of the same data: of the caller's object only the fields count,
 * which also come from other copies of the package ndarray, or without its methods.
 * @throws AlexNetError INPUT_INVALID for anything but a numeric ndarray [N, C, H, W] with N from 1.
 */
export function checkedInput(input: unknown, expected: readonly number[]): NdArray {
  if (!isNdarray(input)) throw engineErrors.inputType(input);
  const { shape, stride, offset, data } = input;
  const fits = shape.length === 4 && expected.every((size, axis) => shape[axis + 1] === size);
  if (!fits || !Number.isSafeInteger(shape[0]) || shape[0] < 1)
    throw engineErrors.inputShape(shape, expected);
  const reach = shape.map((size, axis) => (size - 1) * stride[axis]);
  const first = reach.reduce((sum, step) => sum + Math.min(step, 0), offset);
  const last = reach.reduce((sum, step) => sum + Math.max(step, 0), offset);
  if (!(first >= 0 && last < data.length))
    throw engineErrors.inputData(data.length, first < 0 ? first : last);
  return ndarray(data, shape, stride, offset);
}

function isNdarray(value: unknown): value is NdArray {
  if (typeof value !== "object" || value === null) return false;
  const { data, shape, stride, offset } = value as Partial<NdArray>;
  const numeric = Array.isArray(data)
    ? data.every((item) => typeof item === "number")
    : ArrayBuffer.isView(data) &&
      !(data instanceof DataView) &&
      typeof (data as { 0?: unknown })[0] !== "bigint";
  const whole = (list: unknown) => Array.isArray(list) && list.every(Number.isSafeInteger);
  return numeric && Array.isArray(shape) && whole(stride) && Number.isSafeInteger(offset);
}

/** Writes a checked input into the plan's input tensor, from its image `from` on. */
export function copyIn(
  plan: Plan,
  memory: SharedArrayBuffer,
  input: NdArray,
  from: number,
  images: number,
): void {
  const [channels, height, width] = plan.network.input;
  const target = inputView(plan, memory).hi(images, channels, height, width);
  const source = input.lo(from, 0, 0, 0).hi(images, channels, height, width);
  const size = elementsOf(target.shape);
  if (source.data instanceof Float32Array && isContiguous(source))
    target.data.set(source.data.subarray(source.offset, source.offset + size));
  else ops.assign(target, source);
}

/** The word that the kernel sets which arranges the input, where a value is not finite; 0 before a batch. */
export const inputFlag = (plan: Plan, memory: SharedArrayBuffer): Int32Array =>
  new Int32Array(memory, plan.memory.notFinite, 1);

/**
 * After a batch: the kernel that arranges the input tells where a value is not finite. Its plain store is seen here
 * since the worker's answer, a message, came behind it.
 * @throws AlexNetError INPUT_INVALID for the first such element, with its place.
 */
export function checkFinite(
  plan: Plan,
  memory: SharedArrayBuffer,
  input: NdArray,
  from: number,
  images: number,
): void {
  if (inputFlag(plan, memory)[0] === 0) return;
  // what was written, not what was given: a float64 may be too large for a float32
  const written = inputView(plan, memory);
  const at = firstNotFinite(written.data.subarray(0, images * elementsOf(plan.network.input)));
  const [image, ...place] = written.stride.map(
    (stride, axis) => Math.floor(at / stride) % written.shape[axis],
  );
  throw engineErrors.inputNotFinite(input.get(from + image, ...place), [from + image, ...place]);
}

const isContiguous = ({ shape, stride }: NdArray): boolean =>
  stride.every((step, axis) => step === elementsOf(shape.slice(axis + 1)));
