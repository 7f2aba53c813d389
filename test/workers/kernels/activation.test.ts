/** The activation of every set against workers/reference: one product of two float32, so the same bits. */
import { expect } from "chai";
import { activation } from "../../../workers/reference/pointwise.js";
import { readStep, type ActivationStep, type Kernel } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  activation(arena.values, readStep(view, address, "activation"), inputImage, outputImage);
};

/** What a ReLU must not change the meaning of. */
const EDGES = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 3e38];

function place(random: Random, rowLength: number) {
  const rows = random.integer(1, 4);
  const inputRow = primeFrom(rowLength);
  const outputRow = primeFrom(rowLength + 1);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const fields: ActivationStep = {
    input: arena.fill((images.inputImage + 1) * rows * inputRow, random),
    inputImage: 4 * rows * inputRow,
    inputRow: 4 * inputRow,
    output: arena.take((images.outputImage + 1) * rows * outputRow),
    outputImage: 4 * rows * outputRow,
    outputRow: 4 * outputRow,
    rowLength,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
    floor: random.pick([0, -Infinity]),
    scale: random.pick([1, 0.5, random.value()]),
  };
  const edge =
    fields.input / 4 + ((images.inputImage * rows + rowFrom) * inputRow + random.integer(0, rowLength - 1));
  arena.values[edge] = random.pick(EDGES);
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "activation")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).activation;

    it("gives the reference's bits for rows of 1 to 33 elements, 0, -0, infinities and NaN among them", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let rowLength = 1; rowLength <= 33; rowLength++)
        for (let repeat = 0; repeat < 20; repeat++) {
          const { fields, ...images } = place(random, rowLength);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: { kernel: "activation", fields },
            ...images,
            reference,
            kernel,
            bound: () => 0,
          });
        }
      expect(outputs).to.be.above(33 * 20);
    });
  });
