/** Tensors at the border: ndarrays of logical shape [N, C, H, W] over the shared memory and out of it. */
import ndarray, { type NdArray } from "ndarray";
import ops from "ndarray-ops";
import { engineErrors } from "../errors/engine.js";
import type { Plan } from "../plan/plan.js";

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

/** The input tensor as one ndarray [maxBatch, C, H, W]; undefined where its channels lie in towers of several. */
export function inputView(plan: Plan, memory: SharedArrayBuffer): FloatArray | undefined {
  const [channels, height, width] = plan.network.input;
  const place = plan.memory.placements[0];
  if (place.channels !== 1 && place.channels !== channels) return undefined;
  const channel = place.channels === channels ? 1 : place.tower / 4;
  return ndarray(
    new Float32Array(memory),
    [plan.maxBatch, channels, height, width],
    [place.image / 4, channel, place.row / 4, place.column / 4],
    place.offset / 4,
  );
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
 * Checks what a caller gives as input.
 * @throws AlexNetError INPUT_INVALID for anything but a numeric ndarray [N, C, H, W] with N from 1.
 */
export function checkInput(input: unknown, expected: readonly number[]): asserts input is NdArray {
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
}

function isNdarray(value: unknown): value is NdArray {
  if (typeof value !== "object" || value === null) return false;
  const { data, shape, stride, offset } = value as Partial<NdArray>;
  const numeric =
    ArrayBuffer.isView(data) &&
    !(data instanceof DataView) &&
    typeof (data as { 0?: unknown })[0] !== "bigint";
  const whole = (list: unknown) => Array.isArray(list) && list.every(Number.isSafeInteger);
  return numeric && Array.isArray(shape) && whole(stride) && Number.isSafeInteger(offset);
}

/**
 * Writes a checked input into the plan's input tensor, from its image `from` on.
 * @throws AlexNetError INPUT_INVALID for an element that is not finite, with its place.
 */
export function copyIn(
  plan: Plan,
  memory: SharedArrayBuffer,
  input: NdArray,
  from: number,
  images: number,
): void {
  const [channels, height, width] = plan.network.input;
  const place = plan.memory.placements[0];
  const target = new Float32Array(memory);
  const source = input.data as Float32Array;
  const [perImage, perChannel, perRow, perColumn] = input.stride;
  const pixel = place.column / 4;
  for (let n = 0; n < images; n++)
    for (let y = 0; y < height; y++) {
      const row = (place.offset + n * place.image + y * place.row) / 4;
      for (let c = 0; c < channels; c++) {
        const tower = Math.floor(c / place.channels);
        const first = row + (tower * place.tower) / 4 + (c % place.channels);
        let at = input.offset + (from + n) * perImage + c * perChannel + y * perRow;
        let sum = 0;
        for (let x = 0, to = first; x < width; x++, at += perColumn, to += pixel) {
          // as float32: a float64 may be too large for one
          const value = Math.fround(source[at]);
          target[to] = value;
          // stays 0 while every element is finite: one test a row instead of one an element
          sum += value * 0;
        }
        if (sum !== 0) throw notFinite(input, from + n, c, y);
      }
    }
}

function notFinite(input: NdArray, n: number, c: number, y: number) {
  const row = Array.from({ length: input.shape[3] }, (_, x) => input.get(n, c, y, x));
  const x = row.findIndex((value) => !Number.isFinite(Math.fround(value)));
  return engineErrors.inputNotFinite(row[x], [n, c, y, x]);
}
