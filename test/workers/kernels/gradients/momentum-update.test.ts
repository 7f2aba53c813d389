/** The update rule of every set against workers/reference/gradients, within its roundings, and against each other. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).momentum_update;
const stepOf = (fields: StepOf<"momentum_update">) => ({ kernel: "momentum_update", fields }) as const;
const NO_IMAGES = { inputImage: 0, outputImage: 0 };

interface Rule {
  readonly rate: number;
  readonly decay: number;
  readonly momentum: number;
}

function placeRule({ rate, decay, momentum }: Rule): number {
  const address = arena.take(3);
  arena.values.set([rate, decay, momentum], address / 4);
  return address;
}

function place(random: Random, count: number, rule: Rule) {
  arena.reset();
  const fields: StepOf<"momentum_update"> = {
    weights: arena.fill(count, random),
    velocity: arena.fill(count, random),
    gradient: arena.fill(count, random),
    count,
    rule: placeRule(rule),
  };
  return { fields, magnitude: { ...fields, rule: placeRule({ ...rule, rate: -rule.rate }) } };
}

const ruleOf = (random: Random): Rule => ({
  rate: random.next(),
  decay: random.pick([0, 0.0005, random.next()]),
  momentum: random.pick([0, 0.9, random.next()]),
});

const sets = await compiledSets();

for (const set of sets)
  describe(`${gradientTitleOf(set.name, "momentum_update")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).momentum_update;

    it("is within its roundings for 4 to 100 parameters", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let count = 4; count <= 100; count += 4)
        for (let repeat = 0; repeat < 10; repeat++) {
          const { fields, magnitude } = place(random, count, ruleOf(random));
          // v: at most two products, two differences and the rounding of the reference; w: one sum more, in both. With the
          // rate below 0, the reference adds the magnitudes.
          const share = roundings(7);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify(fields)}`,
            step: stepOf(fields),
            magnitude: stepOf(magnitude),
            ...NO_IMAGES,
            reference,
            kernel,
            bound: (_, size) => share * size,
          });
        }
      expect(outputs).to.be.above(25 * 10 * 4);
    });

    it("gives the rule's bits where nothing rounds", () => {
      const random = new Random(seed);
      const rule = { rate: 0.5, decay: 0.25, momentum: 0.75 };
      for (let count = 4; count <= 40; count += 4) {
        const { fields } = place(random, count, rule);
        const [weights, velocity, gradient] = [fields.weights, fields.velocity, fields.gradient].map(
          (address) => arena.values.subarray(address / 4, address / 4 + count),
        );
        for (const all of [weights, velocity, gradient])
          for (let i = 0; i < count; i++) all[i] = random.integer(-64, 64);
        const after = new Float32Array(arena.run(kernel, { step: stepOf(fields), ...NO_IMAGES }).buffer);
        for (let i = 0; i < count; i++) {
          const v = 0.75 * velocity[i] - 0.25 * 0.5 * weights[i] - 0.5 * gradient[i];
          expect(after[(fields.velocity - 65536) / 4 + i], `seed ${seed}, v ${i}`).to.equal(v);
          expect(after[(fields.weights - 65536) / 4 + i], `seed ${seed}, w ${i}`).to.equal(weights[i] + v);
        }
      }
    });
  });

describe(`momentum update of all sets (TEST_SEED=${seed})`, () => {
  it("has the same bits, in every lane and rest", () => {
    const kernels = sets.map(({ gradients }) => arena.instantiateGradients(gradients).momentum_update);
    const random = new Random(seed);
    for (let repeat = 0; repeat < 100; repeat++) {
      const { fields } = place(random, 4 * random.integer(1, 20), ruleOf(random));
      const whole = kernels.map((kernel) => arena.run(kernel, { step: stepOf(fields), ...NO_IMAGES }));
      for (const other of whole) expect(other).to.deep.equal(whole[0]);
      // four at a time, as the last ones of an odd number are
      const last = fields.count - 4;
      const { weights, velocity, gradient } = fields;
      const moved = {
        ...{ weights: weights + 4 * last, velocity: velocity + 4 * last, gradient: gradient + 4 * last },
        ...{ count: 4, rule: fields.rule },
      };
      const rest = arena.run(kernels[0], { step: stepOf(moved), ...NO_IMAGES });
      for (const address of [weights, velocity]) {
        const from = (address - 65536) / 4 + last;
        expect(rest.slice(from, from + 4)).to.deep.equal(whole[0].slice(from, from + 4));
      }
    }
  });
});
