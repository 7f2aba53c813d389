/** The gradient of response normalisation of every set against workers/reference/gradients. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import { joinParts } from "../../../../workers/reference/gradients/normalisation.js";
import { readStep, type Kernel, type StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference = gradientKernels(arena.memory).normalisation_gradient;
const magnitudes: Kernel = (address, image, slot) => {
  const step = readStep(view, address, "normalisation_gradient");
  joinParts(arena.values, step, [image, slot], (direct, ofWindows) => direct + ofWindows);
};

interface Case {
  readonly channels: number;
  readonly before: number;
  readonly after: number;
  readonly beta: number;
}

/** Three towers behind each other in memory, of x as of dy; the middle one's dx is wanted. */
function place(random: Random, { channels, before, after, beta }: Case) {
  const rows = random.integer(1, 3);
  const columns = random.integer(1, 4);
  const reach = before + after;
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const towers = (largest: number, least: number) => {
    const row = primeFrom(least);
    const image = primeFrom(rows * row);
    const tower = primeFrom(3 * image);
    const address = arena.fill(3 * tower, random);
    for (let i = 0; i < 3 * tower; i++) arena.values[address / 4 + i] *= largest;
    return {
      ...{ first: address + 4 * tower, image: 4 * image, row: 4 * row },
      below: 4 * (channels - reach - tower),
      above: 4 * tower,
    };
  };
  const x = towers(10, columns * channels);
  const dy = towers(1, columns * channels + 3);
  const outputRow = primeFrom(columns * channels + 1);
  const outputImage = primeFrom(rows * outputRow);
  const [below, above] = [0.5, 0.5].map((chance) => reach <= channels && random.chance(chance));
  const fields: StepOf<"normalisation_gradient"> = {
    ...{ input: x.first, inputImage: x.image, inputRow: x.row },
    ...{ gradient: dy.first, gradientImage: dy.image, gradientRow: dy.row },
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    channels,
    columns,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
    before,
    after,
    ...{ below: below ? x.below : 0, gradientBelow: below ? dy.below : 0 },
    ...{ above: above ? x.above : 0, gradientAbove: above ? dy.above : 0 },
    scratch: arena.takeScratch(4 * columns * (channels + 2 * reach)),
    alpha: Math.fround(random.next() * 0.1),
    beta: Math.fround(beta),
    k: random.integer(1, 2),
  };
  return { fields, ...images };
}

const BETAS = [0.75, 0.5, 1, 0.6];

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "normalisation_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).normalisation_gradient;

    const check = (random: Random, wanted: Case): number => {
      const { fields, ...images } = place(random, wanted);
      // As test/workers/kernels/normalisation.test.ts has it, s is within 2 size + 1 roundings, and s^-1/4 within a quarter
      // of them, 3 more and a residual of 8.5e-9. A term dy x s^(-beta - 1), of seven of those where beta is 3/4, has 8
      // products; then come size - 1 sums of terms, two products for -2 alpha beta x, one for both, the sum with
      // dy s^-beta, whose own roundings are fewer, and the rounding of the reference.
      const size = fields.before + 1 + fields.after;
      const share = roundings((fields.beta + 1) * (2 * size + 1) + 7 * 3 + 8 + size - 1 + 5) + 7 * 8.5e-9;
      const step = { kernel: "normalisation_gradient", fields } as const;
      return arena.compare({
        what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
        step,
        magnitude: step,
        magnitudes,
        ...images,
        reference,
        kernel,
        bound: (_, magnitude) => share * magnitude,
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
          for (let repeat = 0; repeat < 4; repeat++)
            check(random, { channels: random.integer(1, 30), before, after, beta: random.pick(BETAS) });
    });
  });
