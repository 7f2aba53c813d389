/** The response normalisation of every set against workers/reference. */
import { expect } from "chai";
import { normalisation } from "../../../workers/reference/pointwise.js";
import { readStep, type Kernel, type NormalisationStep } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom, roundings } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  normalisation(arena.values, readStep(view, address, "normalisation"), inputImage, outputImage);
};

interface Case {
  readonly channels: number;
  readonly before: number;
  readonly after: number;
  readonly beta: number;
}

/** Three towers behind each other in memory, of which the middle one is normalised. */
function place(random: Random, { channels, before, after, beta }: Case) {
  const rows = random.integer(1, 3);
  const columns = random.integer(1, 4);
  const row = primeFrom(columns * channels);
  const outputRow = primeFrom(columns * channels + 1);
  const image = primeFrom(rows * row);
  const outputImage = primeFrom(rows * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const tower = primeFrom(3 * image);
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const towers = arena.fill(3 * tower, random);
  for (let i = 0; i < 3 * tower; i++) arena.values[towers / 4 + i] *= 10;
  const fields: NormalisationStep = {
    input: towers + 4 * tower,
    inputImage: 4 * image,
    inputRow: 4 * row,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    channels,
    columns,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
    before,
    after,
    below: before <= channels && random.chance(0.5) ? 4 * (channels - before - tower) : 0,
    above: after <= channels && random.chance(0.5) ? 4 * tower : 0,
    scratch: arena.takeScratch(4 * columns * (channels + before + after)),
    alpha: Math.fround(random.next() * 0.1),
    beta: Math.fround(beta),
    k: random.integer(1, 2),
  };
  return { fields, ...images };
}

const BETAS = [0.75, 0.5, 1, 0.6];

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "normalisation")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).normalisation;

    const check = (random: Random, wanted: Case): number => {
      const { fields, ...images } = place(random, wanted);
      // The sum of `size` squares has 2 size - 1 roundings, alpha * sum + k two more, all to the power of beta. Then a
      // Newton step y (5/4 - base y^4 / 4) has four in its last term, which is a quarter of the difference, one for the
      // difference and one for the product: 3; its own residual, 5/2 of the error before it squared, is below 8.5e-9 (the
      // step of the polynomial leaves 5.7e-5, and 8 roundings). The product x y y^2 has 3 * 3 + 3, the reference one.
      const size = fields.before + 1 + fields.after;
      const share = roundings(fields.beta * (2 * size + 1) + 13) + 3 * 8.5e-9;
      return arena.compare({
        what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
        step: { kernel: "normalisation", fields },
        ...images,
        reference,
        kernel,
        bound: (expected) => share * Math.abs(expected),
      });
    };

    for (let size = 1; size <= 5; size++) {
      const before = Math.floor((size - 1) / 2);
      const after = Math.ceil((size - 1) / 2);
      it(`is within its roundings for size ${size}, 1 to 35 channels, beta ${BETAS.join(", ")}`, () => {
        const random = new Random(seed + size);
        let outputs = 0;
        for (let channels = 1; channels <= 35; channels++)
          for (const beta of BETAS)
            for (let repeat = 0; repeat < 3; repeat++)
              outputs += check(random, { channels, before, after, beta });
        expect(outputs).to.be.above(35 * BETAS.length * 3);
      });
    }

    it("is so for windows with any reach before and after", () => {
      const random = new Random(seed);
      for (let before = 0; before <= 6; before++)
        for (let after = 0; after <= 6; after++)
          check(random, { channels: random.integer(1, 20), before, after, beta: random.pick(BETAS) });
    });
  });
