/** The average pooling of every set against workers/reference, within its roundings, and against each other. */
import { expect } from "chai";
import { averagePooling } from "../../../workers/reference/pooling.js";
import { readStep, type AveragePoolingStep, type Kernel } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, roundings } from "./arena.js";
import { inputOf, placeAverage } from "./pooling-steps.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  averagePooling(arena.values, readStep(view, address, "average_pooling"), inputImage, outputImage);
};
const stepOf = (fields: AveragePoolingStep) => ({ kernel: "average_pooling", fields }) as const;

const sets = await compiledSets();

for (const set of sets)
  describe(`${titleOf(set.name, "average_pooling")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).average_pooling;

    it("is within its roundings for 1 to 37 channels", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 12; repeat++) {
          const { fields, ...images } = placeAverage(arena, random, channels);
          // n values are n - 1 sums, the first to 0 being exact, a division, and the rounding of the reference
          const share = roundings(fields.kernelRows * fields.kernelColumns + 1);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: stepOf(fields),
            magnitude: stepOf(fields),
            ...images,
            reference,
            kernel,
            bound: (_, magnitude) => share * magnitude,
          });
        }
      expect(outputs).to.be.above(37 * 12);
    });

    it("gives the reference's bits where only the division rounds: it counts what the reference counts", () => {
      const random = new Random(seed);
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 12; repeat++) {
          const { fields, ...images } = placeAverage(arena, random, channels);
          const { from, to } = inputOf(fields, images.inputImage);
          arena.values.fill(3, from, to);
          arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: stepOf(fields),
            ...images,
            reference,
            kernel,
            bound: () => 0,
          });
        }
    });

    it("keeps NaN and infinity", () => {
      const random = new Random(seed);
      for (const value of [NaN, Infinity, -Infinity])
        for (let channels = 1; channels <= 37; channels++) {
          const { fields, ...images } = placeAverage(arena, random, channels);
          const { from, to } = inputOf(fields, images.inputImage);
          arena.values.fill(value, from, to);
          const words = arena.run(kernel, { step: stepOf(fields), ...images });
          const first =
            (fields.output + images.outputImage * fields.outputImage + fields.rowFrom * fields.outputRow) / 4;
          const row = new Float32Array(words.buffer).subarray(first - 65536 / 4);
          for (let i = 0; i < fields.outputColumns * channels; i++) expect(row[i]).to.deep.equal(value);
        }
    });
  });

describe(`average pooling of all sets (TEST_SEED=${seed})`, () => {
  const kernels = sets.map(({ module }) => arena.instantiate(module).average_pooling);

  it("has the same bits", () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const { fields, ...images } = placeAverage(arena, random, random.integer(1, 37));
      const [first, ...others] = kernels.map((kernel) =>
        arena.run(kernel, { step: stepOf(fields), ...images }),
      );
      for (const other of others) expect(other).to.deep.equal(first);
    }
  });
});
