/** The pooling kernel of every set against workers/reference: the same bits, whatever the window hangs over. */
import { expect } from "chai";
import { maxPooling } from "../../../workers/reference/max-pooling.js";
import { readStep, type Kernel, type MaxPoolingStep } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  maxPooling(arena.values, readStep(view, address, "max_pooling"), inputImage, outputImage);
};

/** Windows in one axis: the last one may hang over the end, and begins inside the map, as lib/network has it. */
function axis(random: Random) {
  const kernel = random.integer(1, 4);
  const stride = random.integer(1, 3);
  const padding = random.integer(0, kernel - 1);
  const size = random.integer(Math.max(1, kernel - padding), 9);
  const windows = Math.floor((size + padding - 1) / stride) + 1;
  return { kernel, stride, padding, size, windows: random.integer(1, windows) };
}

function place(random: Random, channels: number) {
  const down = axis(random);
  const across = axis(random);
  const inputRow = primeFrom(across.size * channels);
  const inputImage = primeFrom(down.size * inputRow);
  const outputRow = primeFrom(across.windows * channels);
  const outputImage = primeFrom(down.windows * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, down.windows - 1);
  arena.reset();
  const fields: MaxPoolingStep = {
    input: arena.fill((images.inputImage + 1) * inputImage, random),
    inputImage: 4 * inputImage,
    inputRow: 4 * inputRow,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    channels,
    inputRows: down.size,
    inputColumns: across.size,
    outputColumns: across.windows,
    kernelRows: down.kernel,
    kernelColumns: across.kernel,
    strideRows: down.stride,
    strideColumns: across.stride,
    paddingTop: down.padding,
    paddingLeft: across.padding,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, down.windows),
  };
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "max_pooling")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).max_pooling;

    const check = (random: Random, channels: number, nans: number): number => {
      const { fields, ...images } = place(random, channels);
      for (let i = fields.input / 4; i < fields.output / 4 - 37; i++)
        if (random.chance(nans)) arena.values[i] = NaN;
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
      const { fields, ...images } = place(random, 17);
      arena.values.fill(NaN, fields.input / 4, fields.output / 4 - 37);
      const words = arena.run(kernel, { step: { kernel: "max_pooling", fields }, ...images });
      const first =
        fields.output + images.outputImage * fields.outputImage + fields.rowFrom * fields.outputRow;
      expect(new Float32Array(words.buffer)[(first - 65536) / 4]).to.equal(-Infinity);
    });
  });
