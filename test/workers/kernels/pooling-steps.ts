/** Random windows over a map in an arena, for the tests of both poolings. */
import type { AveragePoolingStep, PoolingStep } from "../../../workers/steps.js";
import type { Random } from "../../random.js";
import { primeFrom, type Arena } from "./arena.js";

export interface Placed<Fields extends PoolingStep> {
  readonly fields: Fields;
  readonly inputImage: number;
  readonly outputImage: number;
}

/** Windows in one axis: the last one may hang over the end, and begins inside the map, as lib/network has it. */
export function windowsAlong(random: Random) {
  const kernel = random.integer(1, 4);
  const stride = random.integer(1, 3);
  const padding = random.integer(0, kernel - 1);
  const size = random.integer(Math.max(1, kernel - padding), 9);
  const windows = Math.floor((size + padding - 1) / stride) + 1;
  return { kernel, stride, padding, size, windows: random.integer(1, windows) };
}

export function placePooling(arena: Arena, random: Random, channels: number): Placed<PoolingStep> {
  const down = windowsAlong(random);
  const across = windowsAlong(random);
  const inputRow = primeFrom(across.size * channels);
  const inputImage = primeFrom(down.size * inputRow);
  const outputRow = primeFrom(across.windows * channels);
  const outputImage = primeFrom(down.windows * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, down.windows - 1);
  arena.reset();
  const fields: PoolingStep = {
    input: arena.fill((images.inputImage + 1) * inputImage, random),
    inputImage: 4 * inputImage,
    inputRow: 4 * inputRow,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    channels,
    inputRows: down.size,
    inputColumns: across.size,
    outputColumns: across.windows,
    kernelRows: down.kernel,
    kernelColumns: across.kernel,
    strideRows: down.stride,
    strideColumns: across.stride,
    paddingTop: down.padding,
    paddingLeft: across.padding,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, down.windows),
  };
  return { fields, ...images };
}

/** The same, of which all padding counts or none; at the bottom and the right it is another than before the map. */
export function placeAverage(arena: Arena, random: Random, channels: number): Placed<AveragePoolingStep> {
  const { fields, ...images } = placePooling(arena, random, channels);
  const { paddingTop, paddingLeft, kernelRows, kernelColumns } = fields;
  const behind = [kernelRows, kernelColumns].map((kernel) => random.integer(0, kernel - 1));
  const [countedTop, countedLeft, countedBottom, countedRight] = random.chance(0.5)
    ? [paddingTop, paddingLeft, ...behind]
    : [0, 0, 0, 0];
  return { fields: { ...fields, countedTop, countedLeft, countedBottom, countedRight }, ...images };
}

/** Indices of the input's elements, its guards not among them. */
export function inputOf({ input, inputImage: stride }: PoolingStep, inputImage: number) {
  return { from: input / 4, to: (input + (inputImage + 1) * stride) / 4 };
}
