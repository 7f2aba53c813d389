/** The gradient of max pooling of every set against workers/reference/gradients: whom a window gives its dy to. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { Kernel, StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";
import { placeGradient } from "./pooling-steps.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).max_pooling_gradient;
const stepOf = (fields: StepOf<"max_pooling_gradient">) =>
  ({ kernel: "max_pooling_gradient", fields }) as const;

/** x of `value`, which is not among what the arena makes magnitudes of: they would have other maxima. */
function place(random: Random, channels: number, value: () => number) {
  const { fields, windows, ...images } = placeGradient(arena, random, channels);
  const inputRow = primeFrom(fields.inputColumns * channels);
  const inputImage = primeFrom(fields.inputRows * inputRow);
  const elements = (images.inputImage + 1) * inputImage;
  const input = arena.take(elements);
  for (let i = 0; i < elements; i++) arena.values[input / 4 + i] = value();
  return {
    fields: { ...fields, input, inputImage: 4 * inputImage, inputRow: 4 * inputRow },
    windows,
    images,
  };
}

const sets = await compiledSets();

for (const set of sets)
  describe(`${gradientTitleOf(set.name, "max_pooling_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).max_pooling_gradient;

    const check = (random: Random, channels: number, value: () => number): number => {
      const { fields, windows, images } = place(random, channels, value);
      // one sum less than windows, and the rounding of the reference
      const share = roundings(windows);
      return arena.compare({
        what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
        step: stepOf(fields),
        magnitude: stepOf(fields),
        ...images,
        reference,
        kernel,
        bound: (_, magnitude) => share * magnitude,
      });
    };

    it("is within its roundings for 1 to 37 channels", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 12; repeat++) outputs += check(random, channels, () => random.value());
      expect(outputs).to.be.above(37 * 12);
    });

    it("gives to the first of several largest elements, and passes over NaN", () => {
      const random = new Random(seed);
      for (const values of [
        [0, -0, 1],
        [NaN, 1, 2],
        [NaN, -Infinity],
        [Infinity, NaN, 3],
      ])
        for (let channels = 1; channels <= 37; channels++)
          for (let repeat = 0; repeat < 4; repeat++) check(random, channels, () => random.pick(values));
    });

    it("does so in a row of 4 with windows of 3 and stride 1, one value a channel", () => {
      const [a, b, n] = [1, 2, NaN];
      for (const [x, dx] of [
        [
          [a, b, b, a],
          [0, 30, 0, 0],
        ],
        [
          [b, a, a, b],
          [10, 0, 0, 20],
        ],
        [
          [a, a, a, a],
          [10, 20, 0, 0],
        ],
        [
          [n, n, a, n],
          [0, 0, 30, 0],
        ],
        [
          [n, n, n, a],
          [0, 0, 0, 20],
        ],
        [
          [n, -Infinity, -Infinity, n],
          [0, 30, 0, 0],
        ],
      ])
        for (const run of [reference, kernel]) expect(rowOfFour(run, x)).to.deep.equal(dx);
    });
  });

/** dx of two windows with dy 10 and 20 over four pixels, the same in 21 channels: lanes of 16, 4 and 1. */
function rowOfFour(run: Kernel, x: readonly number[]): number[] {
  const channels = 21;
  arena.reset();
  const [input, gradient, output] = [4, 2, 4].map((pixels) => arena.take(pixels * channels));
  for (let c = 0; c < channels; c++) {
    x.forEach((value, pixel) => (arena.values[input / 4 + pixel * channels + c] = value));
    [10, 20].forEach((value, pixel) => (arena.values[gradient / 4 + pixel * channels + c] = value));
  }
  const step = stepOf({
    ...{
      input,
      inputImage: 0,
      inputRow: 4 * 4 * channels,
      gradient,
      gradientImage: 0,
      gradientRow: 4 * 2 * channels,
    },
    ...{ output, outputImage: 0, outputRow: 4 * 4 * channels, channels, inputRows: 1, inputColumns: 4 },
    ...{ outputRows: 1, outputColumns: 2, kernelRows: 1, kernelColumns: 3 },
    ...{ strideRows: 1, strideColumns: 1, paddingTop: 0, paddingLeft: 0 },
  });
  const words = arena.run(run, { step, inputImage: 0, outputImage: 0 });
  const dx = new Float32Array(words.buffer).subarray((output - 65536) / 4);
  const pixels = x.map((_, pixel) => dx.subarray(pixel * channels, (pixel + 1) * channels));
  for (const pixel of pixels) expect(new Set(pixel).size, "the same in all channels").to.equal(1);
  return pixels.map(([first]) => first);
}

describe(`max pooling's gradient of all sets (TEST_SEED=${seed})`, () => {
  it("has the same bits", () => {
    const kernels = sets.map(({ gradients }) => arena.instantiateGradients(gradients).max_pooling_gradient);
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const { fields, images } = place(random, random.integer(1, 37), () => random.value());
      const [first, ...others] = kernels.map((kernel) =>
        arena.run(kernel, { step: stepOf(fields), ...images }),
      );
      for (const other of others) expect(other).to.deep.equal(first);
    }
  });
});
