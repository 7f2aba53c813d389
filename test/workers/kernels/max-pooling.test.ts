/** The max pooling of every set against workers/reference: the same bits, whatever the window hangs over. */
import { expect } from "chai";
import { maxPooling } from "../../../workers/reference/pooling.js";
import { readStep, type Kernel } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena } from "./arena.js";
import { inputOf, placePooling } from "./pooling-steps.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  maxPooling(arena.values, readStep(view, address, "max_pooling"), inputImage, outputImage);
};

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "max_pooling")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).max_pooling;

    const check = (random: Random, channels: number, nans: number): number => {
      const { fields, ...images } = placePooling(arena, random, channels);
      const { from, to } = inputOf(fields, images.inputImage);
      for (let i = from; i < to; i++) if (random.chance(nans)) arena.values[i] = NaN;
      return arena.compare({
        what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
        step: { kernel: "max_pooling", fields },
        ...images,
        reference,
        kernel,
        bound: () => 0,
      });
    };

    it("gives the reference's bits for 1 to 37 channels", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 37; channels++)
        for (let repeat = 0; repeat < 12; repeat++) outputs += check(random, channels, 0);
      expect(outputs).to.be.above(37 * 12);
    });

    it("passes over NaN, and gives -Infinity where a window has nothing else", () => {
      const random = new Random(seed);
      for (const nans of [0.3, 1])
        for (let channels = 1; channels <= 37; channels++) check(random, channels, nans);
      const { fields, ...images } = placePooling(arena, random, 17);
      const { from, to } = inputOf(fields, images.inputImage);
      arena.values.fill(NaN, from, to);
      const words = arena.run(kernel, { step: { kernel: "max_pooling", fields }, ...images });
      const first =
        fields.output + images.outputImage * fields.outputImage + fields.rowFrom * fields.outputRow;
      expect(new Float32Array(words.buffer)[(first - 65536) / 4]).to.equal(-Infinity);
    });
  });
