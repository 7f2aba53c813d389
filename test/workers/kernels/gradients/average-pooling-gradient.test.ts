/** The gradient of average pooling of every set against workers/reference/gradients, and against each other. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";
import { placeGradient } from "./pooling-steps.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).average_pooling_gradient;
const stepOf = (fields: StepOf<"average_pooling_gradient">) =>
  ({ kernel: "average_pooling_gradient", fields }) as const;

/** All padding counts or none; at the bottom and the right it is another than before the map. */
function place(random: Random, channels: number) {
  const { fields, windows, ...images } = placeGradient(arena, random, channels);
  const { paddingTop, paddingLeft, kernelRows, kernelColumns } = fields;
  const behind = [kernelRows, kernelColumns].map((kernel) => random.integer(0, kernel - 1));
  const [countedTop, countedLeft, countedBottom, countedRight] = random.chance(0.5)
    ? [paddingTop, paddingLeft, ...behind]
    : [0, 0, 0, 0];
  return {
    fields: { ...fields, countedTop, countedLeft, countedBottom, countedRight },
    windows,
    images,
  };
}

const sets = await compiledSets();

for (const set of sets)
  describe(`${gradientTitleOf(set.name, "average_pooling_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).average_pooling_gradient;

    it("is within its roundings for 1 to 37 channels", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 12; repeat++) {
          const { fields, windows, images } = place(random, channels);
          // A division, one sum less than windows, and the rounding of the reference; no sum leaves one rounded division.
          const share = windows === 1 ? 0 : roundings(windows + 1);
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
  });

describe(`average pooling's gradient of all sets (TEST_SEED=${seed})`, () => {
  it("has the same bits", () => {
    const kernels = sets.map(
      ({ gradients }) => arena.instantiateGradients(gradients).average_pooling_gradient,
    );
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const { fields, images } = place(random, random.integer(1, 37));
      const [first, ...others] = kernels.map((kernel) =>
        arena.run(kernel, { step: stepOf(fields), ...images }),
      );
      for (const other of others) expect(other).to.deep.equal(first);
    }
  });
});
