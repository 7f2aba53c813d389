/** The rectifier's gradient of every set against workers/reference/gradients: it only keeps bits or drops them. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).rectifier_gradient;

/** Of y: what is above 0, and what is not. */
const EDGES = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 3e38];

function place(random: Random, rowLength: number) {
  const rows = random.integer(1, 4);
  const inputRow = primeFrom(rowLength);
  const gradientRow = primeFrom(rowLength + 1);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const fields: StepOf<"rectifier_gradient"> = {
    input: arena.fill((images.inputImage + 1) * rows * inputRow, random),
    inputImage: 4 * rows * inputRow,
    inputRow: 4 * inputRow,
    gradient: arena.fill((images.outputImage + 1) * rows * gradientRow, random),
    gradientImage: 4 * rows * gradientRow,
    gradientRow: 4 * gradientRow,
    rowLength,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
  };
  const input = fields.input / 4 + (images.inputImage * rows + rowFrom) * inputRow;
  const gradient = fields.gradient / 4 + (images.outputImage * rows + rowFrom) * gradientRow;
  arena.values[input] = -1;
  arena.values[input + random.integer(1, rowLength - 1)] = random.pick(EDGES);
  arena.values[gradient + random.integer(0, rowLength - 1)] = random.pick([NaN, Infinity, -0]);
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "rectifier_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).rectifier_gradient;

    it("gives the reference's bits for rows of 2 to 40 elements, 0, -0, infinities and NaN among them", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let rowLength = 2; rowLength <= 40; rowLength++)
        for (let repeat = 0; repeat < 20; repeat++) {
          const { fields, ...images } = place(random, rowLength);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: { kernel: "rectifier_gradient", fields },
            ...images,
            reference,
            kernel,
            bound: () => 0,
          });
        }
      // about half of the elements become 0
      expect(outputs).to.be.above(39 * 20 * 5);
    });
  });
