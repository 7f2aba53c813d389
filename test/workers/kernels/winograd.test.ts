/** The transforms of Winograd's minimal filtering of every set against workers/reference. */
import { expect } from "chai";
import { winogradInput, winogradOutput } from "../../../workers/reference/winograd.js";
import {
  readStep,
  type Kernel,
  type WinogradInputStep,
  type WinogradOutputStep,
} from "../../../workers/steps.js";
import { B_TRANSPOSED, outputTransform, PLANES, POINTS } from "../../../workers/winograd.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom, roundings } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
/** The transforms take channels by eight: lib/plan uses them for nothing else. */
const LANES = 8;
const SCRATCH = PLANES * LANES * 4;

/** The largest sum of magnitudes of a row: what a transform makes of elements below 1, at most. */
const largestRow = (matrix: readonly (readonly number[])[]): number =>
  Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));

/** Each of the two passes has a product and a sum for each of seven terms; the bias, and the reference's rounding. */
const share = roundings(2 * 2 * POINTS + 2);

function placeInput(random: Random) {
  const towers = random.integer(1, 2);
  const channels = LANES * random.integer(1, 3);
  const tileRows = random.integer(1, 3);
  const tileColumns = random.integer(1, 3);
  const tileStep = random.pick([3, 5]);
  const inputColumn = primeFrom(channels);
  const inputRow = primeFrom((tileColumns * tileStep + POINTS) * inputColumn);
  const inputImage = primeFrom((tileRows * tileStep + POINTS) * inputRow);
  const inputTower = primeFrom(3 * inputImage);
  const outputImage = primeFrom(tileRows * tileColumns * towers * channels);
  const outputPlane = primeFrom(3 * outputImage);
  arena.reset();
  const fields: WinogradInputStep = {
    input: arena.fill(towers * inputTower, random),
    inputImage: 4 * inputImage,
    inputTower: 4 * inputTower,
    inputRow: 4 * inputRow,
    inputColumn: 4 * inputColumn,
    output: arena.take(PLANES * outputPlane),
    outputImage: 4 * outputImage,
    outputPlane: 4 * outputPlane,
    towers,
    channels,
    tileStep,
    tileRows,
    tileColumns,
    scratch: arena.takeScratch(SCRATCH),
  };
  return { fields, inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
}

function placeOutput(random: Random, outputs: number) {
  const channels = LANES * random.integer(1, 3);
  const channelFrom = LANES * random.integer(0, channels / LANES - 1);
  const channelTo = LANES * random.integer(channelFrom / LANES + 1, channels / LANES);
  const outputRows = random.integer(1, 9);
  const outputColumns = random.integer(1, 9);
  const tiles = Math.ceil(outputRows / outputs) * Math.ceil(outputColumns / outputs);
  const inputTile = primeFrom(channels);
  const inputImage = primeFrom(tiles * inputTile);
  const inputPlane = primeFrom(3 * inputImage);
  const outputColumn = primeFrom(channels);
  const outputRow = primeFrom(outputColumns * outputColumn);
  const outputImage = primeFrom(outputRows * outputRow);
  arena.reset();
  const fields: WinogradOutputStep = {
    input: arena.fill(PLANES * inputPlane, random),
    inputImage: 4 * inputImage,
    inputTile: 4 * inputTile,
    inputPlane: 4 * inputPlane,
    output: arena.take(3 * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    outputColumn: 4 * outputColumn,
    outputRows,
    outputColumns,
    channelFrom,
    channelTo,
    bias: arena.fill(channels, random),
    scratch: arena.takeScratch(SCRATCH),
    floor: random.pick([0, -Infinity]),
  };
  return { fields, inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
}

for (const set of await compiledSets()) {
  const kernels = arena.instantiate(set.module);

  describe(`${titleOf(set.name, "winograd_input")} (TEST_SEED=${seed})`, () => {
    const reference: Kernel = (address, inputImage, outputImage) => {
      winogradInput(arena.values, readStep(view, address, "winograd_input"), inputImage, outputImage);
    };

    it(`is within ${share} of what B can make of inputs below 1`, () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let repeat = 0; repeat < 25; repeat++) {
        const { fields, ...images } = placeInput(random);
        outputs += arena.compare({
          what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
          step: { kernel: "winograd_input", fields },
          ...images,
          reference,
          kernel: kernels.winograd_input,
          bound: () => share * largestRow(B_TRANSPOSED) ** 2,
        });
      }
      expect(outputs).to.be.above(25 * PLANES * LANES);
    });
  });

  for (const outputs of [3, 5] as const) {
    const name = `winograd_output_${outputs}` as const;
    describe(`${titleOf(set.name, name)} (TEST_SEED=${seed})`, () => {
      const reference: Kernel = (address, inputImage, outputImage) => {
        winogradOutput(arena.values, readStep(view, address, name), inputImage, outputImage, outputs);
      };

      it(`is within ${share} of what A can make of products below 1, for maps that end inside a tile`, () => {
        const random = new Random(seed);
        let written = 0;
        for (let repeat = 0; repeat < 40; repeat++) {
          const { fields, ...images } = placeOutput(random, outputs);
          written += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: { kernel: name, fields },
            ...images,
            reference,
            kernel: kernels[name],
            bound: () => share * (largestRow(outputTransform(outputs)) ** 2 + 1),
          });
        }
        expect(written).to.be.above(40 * LANES);
      });
    });
  }
}
