/** The dropout of every set against workers/reference/gradients and the generator itself: the same bits. */
import { expect } from "chai";
import { philoxFill, type PhiloxKey } from "../../../../lib/weights/philox.js";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).dropout;
const stepOf = (fields: StepOf<"dropout">) => ({ kernel: "dropout", fields }) as const;

const word = (random: Random): number => random.integer(-(2 ** 31), 2 ** 31 - 1);

function place(random: Random, rowLength: number) {
  const rows = random.integer(1, 4);
  const inputRow = primeFrom(rowLength);
  const outputRow = primeFrom(rowLength + 1);
  // the image's number in the batch, and its slot
  const images = { inputImage: random.integer(0, 500), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const generator = arena.take(3);
  for (let i = 0; i < 3; i++) arena.words[generator / 4 + i] = word(random);
  const fields: StepOf<"dropout"> = {
    input: arena.fill((images.outputImage + 1) * rows * inputRow, random),
    inputImage: 4 * rows * inputRow,
    inputRow: 4 * inputRow,
    output: arena.take((images.outputImage + 1) * rows * outputRow),
    outputImage: 4 * rows * outputRow,
    outputRow: 4 * outputRow,
    rowLength,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
    unit: random.integer(0, 9),
    layer: random.integer(0, 20),
    // of some sizes, as signed words
    threshold: random.pick([0, 1, -1, -(2 ** 31), 2 ** 31 - 1, word(random)]),
    generator,
    scale: random.pick([1, 2, random.value()]),
  };
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "dropout")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).dropout;

    it("gives the reference's bits for rows of 1 to 40 units from any unit on", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let rowLength = 1; rowLength <= 40; rowLength++)
        for (let repeat = 0; repeat < 20; repeat++) {
          const { fields, ...images } = place(random, rowLength);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: stepOf(fields),
            ...images,
            reference,
            kernel,
            bound: () => 0,
          });
        }
      expect(outputs).to.be.above(40 * 20 * 5);
    });

    it("keeps the units whose word of the generator is not below the threshold, and no others", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 100; repeat++) {
        const { fields: placed, inputImage, outputImage } = place(random, random.integer(1, 40));
        const { unit, layer, rowLength, rowFrom, rowTo, generator, scale } = placed;
        const [key0, key1, step] = arena.words.subarray(generator / 4, generator / 4 + 3);
        const key: PhiloxKey = [key0, key1];
        const words = new Uint32Array(Math.ceil((unit + rowTo * rowLength) / 4) * 4);
        philoxFill(key, [0, inputImage, layer, step], words);
        // at times the word of a unit itself, which that keeps
        const own = words[unit + random.integer(rowFrom * rowLength, rowTo * rowLength - 1)] | 0;
        const threshold = random.pick([placed.threshold, own]);
        const fields = { ...placed, threshold };
        const result = arena.run(kernel, { step: stepOf(fields), inputImage, outputImage });
        const after = new Float32Array(result.buffer);
        for (let row = rowFrom; row < rowTo; row++)
          for (let i = 0; i < rowLength; i++) {
            const input = fields.input + outputImage * fields.inputImage + row * fields.inputRow;
            const output = fields.output + outputImage * fields.outputImage + row * fields.outputRow;
            const kept = words[unit + row * rowLength + i] >= threshold >>> 0;
            expect(after[(output - 65536) / 4 + i], `seed ${seed}, row ${row}, unit ${i}`).to.equal(
              kept ? Math.fround(scale * arena.values[input / 4 + i]) : 0,
            );
          }
      }
    });

    it("may store where it reads, and drops NaN and infinity", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 100; repeat++) {
        const placed = place(random, random.integer(1, 40));
        const { input, inputImage, inputRow } = placed.fields;
        const fields = { ...placed.fields, output: input, outputImage: inputImage, outputRow: inputRow };
        for (let at = input / 4; at < (input + inputImage) / 4; at++)
          if (random.chance(0.2)) arena.values[at] = random.pick([NaN, Infinity, -Infinity]);
        const apart = arena.run(kernel, { ...placed, step: stepOf(placed.fields) });
        const inPlace = arena.run(kernel, { ...placed, step: stepOf(fields) });
        const { outputImage, rowFrom, rowTo, rowLength } = placed.fields;
        for (let row = rowFrom; row < rowTo; row++) {
          const from = (input + placed.outputImage * inputImage + row * inputRow - 65536) / 4;
          const to =
            (placed.fields.output +
              placed.outputImage * outputImage +
              row * placed.fields.outputRow -
              65536) /
            4;
          expect(inPlace.slice(from, from + rowLength), `seed ${seed}`).to.deep.equal(
            apart.slice(to, to + rowLength),
          );
        }
      }
    });
  });
