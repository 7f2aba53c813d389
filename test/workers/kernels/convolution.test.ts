/** Both convolution kernels of every set against workers/reference, over every tail of rows and channels. */
import { expect } from "chai";
import { convolution } from "../../../workers/reference/convolution.js";
import { readStep, type ConvolutionStep, type Kernel, type Kernels } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom, roundings } from "./arena.js";
import { compiledSets, titleOf, type CompiledSet } from "./registry.js";

const KERNELS = ["conv_tile", "conv_row"] as const;
const sets = await compiledSets();
const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);

/** What a case fixes; the rest is random. */
interface Case {
  readonly positions: number;
  readonly channels: number;
  readonly outerRuns: number;
  readonly innerRuns: number;
  readonly runLength: number;
  readonly floor: number;
}

/** As much as lib/plan gives: the addresses of a tile's rows, and one tile or the outputs of conv_row. */
const scratchBytes = ({ rows, panel }: CompiledSet): number => 128 + Math.max(rows * panel, 32) * 4;

function place(set: CompiledSet, random: Random, wanted: Case) {
  const { positions, channels, outerRuns, innerRuns, runLength } = wanted;
  const positionFrom = random.integer(0, 5);
  const positionTo = positionFrom + positions;
  const columns = random.integer(1, positions + 2);
  const lastRow = Math.floor((positionTo - 1) / columns);
  const panels = Math.ceil(channels / set.panel);
  const panelFrom = random.chance(0.3) ? random.integer(0, panels - 1) : 0;
  const panelTo = random.chance(0.3) ? random.integer(panelFrom + 1, panels) : panels;
  const depth = outerRuns * innerRuns * runLength;
  const inputColumn = primeFrom(random.integer(1, runLength + 2));
  const inputRow = primeFrom(inputColumn + random.integer(0, 20));
  const innerStride = primeFrom(runLength + random.integer(0, 3));
  const outerStride = primeFrom(innerRuns * innerStride);
  const inputImage = primeFrom(
    lastRow * inputRow + columns * inputColumn + outerRuns * outerStride + runLength,
  );
  const outputColumn = primeFrom(channels);
  const outputRow = primeFrom(columns * outputColumn);
  const outputImage = primeFrom((lastRow + 1) * outputRow);
  const images = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  arena.reset();
  const fields: ConvolutionStep = {
    input: arena.fill((images.inputImage + 1) * inputImage, random),
    inputImage: 4 * inputImage,
    inputRow: 4 * inputRow,
    inputColumn: 4 * inputColumn,
    output: arena.take((images.outputImage + 1) * outputImage),
    outputImage: 4 * outputImage,
    outputRow: 4 * outputRow,
    outputColumn: 4 * outputColumn,
    weights: arena.fill(panels * depth * set.panel, random),
    bias: arena.fill(panels * set.panel, random),
    outerRuns,
    outerStride: 4 * outerStride,
    innerRuns,
    innerStride: 4 * innerStride,
    runLength,
    columns,
    positionFrom,
    positionTo,
    panelFrom,
    panelTo,
    channels,
    scratch: arena.takeScratch(scratchBytes(set)),
    floor: wanted.floor,
  };
  return { fields, depth, ...images };
}

function check(
  set: CompiledSet,
  kernels: Kernels,
  kernel: (typeof KERNELS)[number],
  random: Random,
  wanted: Case,
) {
  const { fields, depth, ...images } = place(set, random, wanted);
  const reference: Kernel = (address, inputImage, outputImage) => {
    convolution(arena.values, readStep(view, address, kernel), inputImage, outputImage, set.panel);
  };
  // a product and a sum for each term, the bias, and the rounding of the reference
  const share = roundings(depth + 2);
  return arena.compare({
    what: `${titleOf(set.name, kernel)}, seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
    step: { kernel, fields },
    magnitude: { kernel, fields: { ...fields, floor: -Infinity } },
    ...images,
    reference,
    kernel: kernels[kernel],
    bound: (_, magnitude) => share * magnitude,
  });
}

const floors = [0, -Infinity];

for (const set of sets)
  for (const kernel of KERNELS)
    describe(`${titleOf(set.name, kernel)} (TEST_SEED=${seed})`, () => {
      const kernels = arena.instantiate(set.module);
      const widest = kernel === "conv_tile" ? 2 * set.panel + 1 : 5 * set.panel + 1;
      const longest = kernel === "conv_tile" ? 2 * set.rows + 1 : 3;

      it(`is within n * 2^-24 of the sum of magnitudes for 1 to ${longest} positions by 1 to ${widest} channels`, () => {
        const random = new Random(seed);
        let outputs = 0;
        for (let positions = 1; positions <= longest; positions++)
          for (let channels = 1; channels <= widest; channels++)
            outputs += check(set, kernels, kernel, random, {
              positions,
              channels,
              outerRuns: random.integer(1, 2),
              innerRuns: random.integer(1, 4),
              runLength: random.integer(1, 9),
              floor: random.pick(floors),
            });
        expect(outputs).to.be.above(longest * widest);
      });

      it("is so for every K from 1 to 40, and for one or two outer runs of several inner ones", () => {
        const random = new Random(seed);
        let cases = 0;
        for (let runLength = 1; runLength <= 40; runLength++)
          for (const [outerRuns, innerRuns] of [
            [1, 1],
            [1, 3],
            [2, 1],
            [2, 3],
          ]) {
            const positions = random.integer(1, longest);
            const channels = random.integer(1, widest);
            const floor = random.pick(floors);
            check(set, kernels, kernel, random, {
              positions,
              channels,
              outerRuns,
              innerRuns,
              runLength,
              floor,
            });
            cases++;
          }
        expect(cases).to.equal(160);
      });

      it("gives a NaN where a term is one, with ReLU and without", () => {
        for (const floor of floors) {
          const random = new Random(seed);
          const sizes = { outerRuns: 1, innerRuns: 1, runLength: 3, floor };
          const { fields, ...images } = place(set, random, {
            positions: longest,
            channels: widest,
            ...sizes,
          });
          arena.values[fields.bias / 4 + fields.panelFrom * set.panel] = NaN;
          const words = arena.run(kernels[kernel], { step: { kernel, fields }, ...images });
          const first =
            outputOf(fields, images.outputImage, fields.positionFrom) + 4 * fields.panelFrom * set.panel;
          expect(new Float32Array(words.buffer)[(first - 65536) / 4], `floor ${floor}`).to.be.NaN;
        }
      });
    });

for (const set of sets)
  describe(`${titleOf(set.name, "conv_row")} and ${titleOf(set.name, "conv_tile")} (TEST_SEED=${seed})`, () => {
    it("give the same bits", () => {
      const kernels = arena.instantiate(set.module);
      const random = new Random(seed);
      for (let repeat = 0; repeat < 100; repeat++) {
        const { fields, ...images } = place(set, random, {
          positions: random.integer(1, 2 * set.rows + 1),
          channels: random.integer(1, 5 * set.panel),
          outerRuns: random.integer(1, 2),
          innerRuns: random.integer(1, 4),
          runLength: random.integer(1, 30),
          floor: random.pick(floors),
        });
        const [tile, row] = KERNELS.map((kernel) => {
          const words = arena.run(kernels[kernel], { step: { kernel, fields }, ...images });
          // up to the scratch, which is the last region
          return words.subarray(0, (fields.scratch - 65536) / 4);
        });
        expect(tile, `case ${repeat} of seed ${seed}: ${JSON.stringify(fields)}`).to.deep.equal(row);
      }
    });
  });

function outputOf(fields: ConvolutionStep, image: number, position: number): number {
  const row = Math.floor(position / fields.columns);
  const column = position % fields.columns;
  return fields.output + image * fields.outputImage + row * fields.outputRow + column * fields.outputColumn;
}
