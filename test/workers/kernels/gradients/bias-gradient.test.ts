/** The biases' gradient of every set against workers/reference/gradients, within its roundings, and against each other. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).bias_gradient;
const stepOf = (fields: StepOf<"bias_gradient">) => ({ kernel: "bias_gradient", fields }) as const;

function place(random: Random, channels: number) {
  const [rows, columns] = [random.integer(1, 6), random.integer(1, 6)];
  const channelFrom = random.integer(0, 3);
  const channelTo = channelFrom + channels;
  const gradientColumn = primeFrom(channelTo);
  const gradientRow = primeFrom(columns * gradientColumn);
  const gradientImage = primeFrom(rows * gradientRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  arena.reset();
  const fields: StepOf<"bias_gradient"> = {
    gradient: arena.fill((images.outputImage + 1) * gradientImage, random),
    gradientImage: 4 * gradientImage,
    gradientRow: 4 * gradientRow,
    gradientColumn: 4 * gradientColumn,
    output: arena.fill(channelTo + 3, random),
    rows,
    columns,
    channelFrom,
    channelTo,
    accumulate: random.integer(0, 1),
  };
  return { fields, ...images };
}

const sets = await compiledSets();

for (const set of sets)
  describe(`${gradientTitleOf(set.name, "bias_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).bias_gradient;

    it("is within its roundings for 1 to 37 channels, stored or added to what is there", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 8; repeat++) {
          const { fields, ...images } = place(random, channels);
          // columns - 1 sums of a row and rows - 1 of rows, one to what is there, and the rounding of the reference
          const share = roundings(fields.columns + fields.rows);
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
      expect(outputs).to.be.above(37 * 8);
    });

    it("gives the same bits for all channels at once and for shares of them", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 50; repeat++) {
        const { fields, ...images } = place(random, random.integer(2, 40));
        const cut = random.integer(fields.channelFrom + 1, fields.channelTo - 1);
        const whole = arena.run(kernel, { step: stepOf(fields), ...images });
        const shares = [
          { ...fields, channelTo: cut },
          { ...fields, channelFrom: cut },
        ].map((share) => arena.run(kernel, { step: stepOf(share), ...images }));
        const first = (fields.output - 65536) / 4;
        for (let c = fields.channelFrom; c < fields.channelTo; c++)
          expect(shares[c < cut ? 0 : 1][first + c], `seed ${seed}, channel ${c}`).to.equal(whole[first + c]);
      }
    });
  });

describe(`bias gradient of all sets (TEST_SEED=${seed})`, () => {
  it("has the same bits", () => {
    const kernels = sets.map(({ gradients }) => arena.instantiateGradients(gradients).bias_gradient);
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const { fields, ...images } = place(random, random.integer(1, 37));
      const [first, ...others] = kernels.map((kernel) =>
        arena.run(kernel, { step: stepOf(fields), ...images }),
      );
      for (const other of others) expect(other).to.deep.equal(first);
    }
  });
});
