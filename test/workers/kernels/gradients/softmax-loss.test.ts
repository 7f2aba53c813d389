/** The loss of every set against workers/reference/gradients: float64 in both, but not by the same exp and log. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import type { StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).softmax_loss;
const stepOf = (fields: StepOf<"softmax_loss">) => ({ kernel: "softmax_loss", fields }) as const;

function place(random: Random, towers: number, channels: number, spread: number) {
  const tower = primeFrom(channels);
  const inputTower = 4 * tower;
  const inputImage = 4 * primeFrom(towers * tower);
  const images = { inputImage: random.integer(0, 3), outputImage: random.integer(0, 2) };
  arena.reset();
  const input = arena.fill(((images.inputImage + 1) * inputImage) / 4, random);
  const from = (input + images.inputImage * inputImage) / 4;
  const inputs = Array.from({ length: towers * channels }, (_, c) => {
    const at = from + Math.floor(c / channels) * tower + (c % channels);
    return () => arena.values[at];
  });
  for (let i = from; i < from + inputImage / 4; i++) arena.values[i] *= spread;
  const label = random.integer(0, inputs.length - 1);
  const labels = arena.take(images.inputImage + 1);
  arena.words[labels / 4 + images.inputImage] = label;
  const outputTower = 4 * primeFrom(channels + 1);
  const outputImage = 4 * primeFrom((towers * outputTower) / 4);
  const fields: StepOf<"softmax_loss"> = {
    ...{ input, inputImage, inputTower },
    output: arena.take(((images.outputImage + 1) * outputImage) / 4),
    ...{ outputImage, outputTower, towers, channels, labels },
    losses: arena.take(images.inputImage + 1),
    ranks: arena.take(images.inputImage + 1),
    scale: random.pick([1, 1 / 128, random.value()]),
  };
  return { fields, ...images, label, inputs };
}

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "softmax_loss")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).softmax_loss;

    const after = (placed: ReturnType<typeof place>) => {
      const words = arena.run(kernel, { ...placed, step: stepOf(placed.fields) });
      const { losses, ranks, output, outputImage, outputTower, channels } = placed.fields;
      const floats = new Float32Array(words.buffer);
      const at = (address: number): number => (address - 65536) / 4;
      return {
        loss: floats[at(losses) + placed.inputImage],
        rank: words[at(ranks) + placed.inputImage],
        gradient: placed.inputs.map((_, c) => {
          const tower = output + placed.outputImage * outputImage + Math.floor(c / channels) * outputTower;
          return floats[at(tower) + (c % channels)];
        }),
      };
    };

    it("is within a rounding to float32 and a few of float64 for 1 to 3 towers of 1 to 60 classes", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let towers = 1; towers <= 3; towers++)
        for (let channels = 1; channels <= 60; channels++)
          for (const spread of [0, 1, 20, 1000]) {
            const { fields, inputImage, outputImage, inputs } = place(random, towers, channels, spread);
            const classes = inputs.length;
            // In units u = 2^-53 of float64, what either is away from the true value: a power 2 (below one ulp: both exps
            // say so), the sum of powers 2 + classes - 1, their quotient 2 + 2 + classes - 1 + 1, its difference to 0 or 1
            // and the product with the scale one each, all of values up to 1. The log of the sum has its error, 2 of its
            // own value, at most log(classes), and the last sum one of the loss.
            const share = 2 * (classes + 6) * 2 ** -53;
            const log = 2 * 2 * 2 ** -53 * Math.log(classes);
            // Then both are rounded to float32: by 2^-24 of themselves each.
            const rounding = 2 ** -23 * (1 + 2 ** -20);
            outputs += arena.compare({
              what: `seed ${seed}, ${JSON.stringify({ ...fields, inputImage, outputImage })}`,
              step: stepOf(fields),
              inputImage,
              outputImage,
              reference,
              kernel,
              bound: (expected) => rounding * Math.abs(expected) + share + log,
            });
          }
      // dx and the loss; not each rank differs from what was there
      expect(outputs).to.be.above(3 * 60 * 4 * 2);
    });

    it("counts the classes in front of the label, not those level with it", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 200; repeat++) {
        const placed = place(random, random.integer(1, 3), random.integer(1, 20), random.pick([0, 1, 5]));
        // few different values, so that some are equal
        const { input, inputImage } = placed.fields;
        for (let i = input / 4; i < (input + (placed.inputImage + 1) * inputImage) / 4; i++)
          arena.values[i] = Math.round(arena.values[i]);
        const own = placed.inputs[placed.label]();
        expect(after(placed).rank, `seed ${seed}`).to.equal(placed.inputs.filter((x) => x() > own).length);
      }
    });

    it("has no infinite power: logits of 1e30 give a loss of their difference", () => {
      const placed = place(new Random(1), 1, 3, 1);
      const { input, inputImage, scale } = placed.fields;
      const first = (input + placed.inputImage * inputImage) / 4;
      arena.values.set([-1e30, -1e30, -1e30], first);
      arena.values[first + placed.label] = -2e30;
      const { loss, rank, gradient } = after(placed);
      expect(loss).to.equal(Math.fround(Math.fround(2e30) - Math.fround(1e30) + Math.log(2)));
      expect(rank).to.equal(2);
      const expected = [0.5, 0.5, 0.5].map((half, c) =>
        Math.fround(scale * (c === placed.label ? -1 : half)),
      );
      expect(gradient).to.deep.equal(expected);
    });

    for (const bad of [NaN, Infinity])
      it(`has a loss of NaN where a logit is ${bad}, so that it is seen`, () => {
        const random = new Random(seed);
        const placed = place(random, 2, 5, 1);
        const { input, inputImage } = placed.fields;
        arena.values[(input + placed.inputImage * inputImage) / 4 + random.integer(0, 4)] = bad;
        expect(after(placed).loss, `seed ${seed}`).to.deep.equal(NaN);
      });
  });
