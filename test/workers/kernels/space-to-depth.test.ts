/** Space to depth of every set against workers/reference: it only moves values, so the same bits. */
import { expect } from "chai";
import { spaceToDepth } from "../../../workers/reference/space-to-depth.js";
import { readStep, type Kernel, type SpaceToDepthStep } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const reference: Kernel = (address, inputImage, outputImage) => {
  spaceToDepth(arena.values, readStep(view, address, "space_to_depth"), inputImage, outputImage);
};

function place(random: Random, channels: number, blockSize: number) {
  const [rows, columns] = [random.integer(1, 9), random.integer(1, 9)];
  const [top, left] = [random.integer(0, 5), random.integer(0, 5)];
  const inputRow = primeFrom(columns);
  const inputChannel = primeFrom(rows * inputRow);
  const inputImage = primeFrom(channels * inputChannel);
  const outputColumn = primeFrom(channels * blockSize * blockSize);
  const outputRow = primeFrom(Math.ceil((columns + left) / blockSize) * outputColumn);
  const outputImage = primeFrom(Math.ceil((rows + top) / blockSize) * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  const rowFrom = random.integer(0, rows - 1);
  arena.reset();
  const fields: SpaceToDepthStep = {
    input: arena.fill((images.inputImage + 1) * inputImage, random),
    inputImage: 4 * inputImage,
    inputChannel: 4 * inputChannel,
    inputRow: 4 * inputRow,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    outputColumn: 4 * outputColumn,
    channels,
    columns,
    blockSize,
    paddingTop: top,
    paddingLeft: left,
    rowFrom,
    rowTo: random.integer(rowFrom + 1, rows),
    notFinite: arena.take(1),
  };
  if (random.chance(0.5)) {
    // anywhere in what is given, in the rows that are read or not
    const given = (images.inputImage + 1) * inputImage;
    arena.values[fields.input / 4 + random.integer(0, given - 1)] = random.pick([NaN, Infinity, -Infinity]);
  }
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "space_to_depth")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).space_to_depth;

    it("gives the reference's bits for 1 to 5 channels in blocks of 1 to 5", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let channels = 1; channels <= 5; channels++)
        for (let blockSize = 1; blockSize <= 5; blockSize++)
          for (let repeat = 0; repeat < (channels === 3 && blockSize === 4 ? 200 : 12); repeat++) {
            const { fields, ...images } = place(random, channels, blockSize);
            outputs += arena.compare({
              what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
              step: { kernel: "space_to_depth", fields },
              ...images,
              reference,
              kernel,
              bound: () => 0,
            });
          }
      expect(outputs).to.be.above(5 * 5 * 12);
    });

    it("puts the pixels of a block of 2 x 2 behind each other, rows first", () => {
      arena.reset();
      const input = arena.fill(2 * 3 * 4, new Random(seed));
      // two planes of 3 x 4, one of tens and one of hundreds
      for (let i = 0; i < 24; i++) arena.values[input / 4 + i] = i < 12 ? 10 + i : 100 + i - 12;
      const output = arena.take(2 * 2 * 8);
      const fields: SpaceToDepthStep = {
        ...{ input, inputImage: 96, inputChannel: 48, inputRow: 16 },
        ...{ output, outputImage: 128, outputRow: 64, outputColumn: 32 },
        ...{ channels: 2, columns: 4, blockSize: 2, paddingTop: 0, paddingLeft: 0, rowFrom: 0, rowTo: 2 },
        notFinite: arena.take(1),
      };
      const step = { kernel: "space_to_depth", fields } as const;
      const words = arena.run(kernel, { step, inputImage: 0, outputImage: 0 });
      const values = new Float32Array(words.buffer);
      const first = (output - 65536) / 4;
      expect([...values.subarray(first, first + 16)]).to.deep.equal([
        ...[10, 100, 11, 101, 14, 104, 15, 105],
        ...[12, 102, 13, 103, 16, 106, 17, 107],
      ]);
    });
  });
