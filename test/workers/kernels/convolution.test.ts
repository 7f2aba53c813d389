/** The convolution kernels of every set against workers/reference, over every tail of rows and channels. */
import { expect } from "chai";
import { expandedPanel } from "../../../workers/reference/bfloat16.js";
import { convolution } from "../../../workers/reference/convolution.js";
import {
  readStep,
  STEP_BYTES,
  type ConvolutionStep,
  type Kernel,
  type ForwardKernels,
} from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom, roundings } from "./arena.js";
import { compiledSets, titleOf, type CompiledSet } from "./registry.js";

const KERNELS = ["conv_tile", "conv_row", "conv_row_bf16"] as const;
type KernelName = (typeof KERNELS)[number];
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

function place(set: CompiledSet, random: Random, wanted: Case, kernel: KernelName) {
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
    weights:
      kernel === "conv_row_bf16"
        ? arena.fillPairs((panels * depth * set.panel) / 2, random)
        : arena.fill(panels * depth * set.panel, random),
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

function check(set: CompiledSet, kernels: ForwardKernels, kernel: KernelName, random: Random, wanted: Case) {
  const { fields, depth, ...images } = place(set, random, wanted, kernel);
  const reference: Kernel = (address, inputImage, outputImage) => {
    const step = readStep(view, address, kernel);
    const panelOf = kernel === "conv_row_bf16" ? expandedPanel : undefined;
    convolution(arena.values, step, inputImage, outputImage, set.panel, panelOf);
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
          const wanted = { positions: longest, channels: widest, ...sizes };
          const { fields, ...images } = place(set, random, wanted, kernel);
          arena.values[fields.bias / 4 + fields.panelFrom * set.panel] = NaN;
          const words = arena.run(kernels[kernel], { step: { kernel, fields }, ...images });
          const first =
            outputOf(fields, images.outputImage, fields.positionFrom) + 4 * fields.panelFrom * set.panel;
          expect(new Float32Array(words.buffer)[(first - 65536) / 4], `floor ${floor}`).to.be.NaN;
        }
      });
    });

for (const set of sets)
  describe(`${KERNELS.map((kernel) => titleOf(set.name, kernel)).join(", ")} (TEST_SEED=${seed})`, () => {
    it("give the same bits, of bfloat16 and of the same weights expanded", () => {
      const kernels = arena.instantiate(set.module);
      const random = new Random(seed);
      for (let repeat = 0; repeat < 100; repeat++) {
        const wanted = {
          positions: random.integer(1, 2 * set.rows + 1),
          channels: random.integer(1, 5 * set.panel),
          outerRuns: random.integer(1, 2),
          innerRuns: random.integer(1, 4),
          runLength: random.integer(1, 30),
          floor: random.pick(floors),
        };
        const { fields, depth, ...images } = place(set, random, wanted, "conv_row_bf16");
        const weights = takeExpanded(set, fields, depth);
        const [tile, row, bf16] = KERNELS.map((kernel) => {
          const step = { kernel, fields: kernel === "conv_row_bf16" ? fields : { ...fields, weights } };
          const words = arena.run(kernels[kernel], { step, ...images });
          // from behind the step up to the scratch, behind which only weights lie
          return words.subarray(STEP_BYTES / 4, (fields.scratch - 65536) / 4);
        });
        const what = `case ${repeat} of seed ${seed}: ${JSON.stringify(fields)}`;
        expect(tile, what).to.deep.equal(row);
        expect(bf16, what).to.deep.equal(row);
      }
    });
  });

/** The weights of a case as float32, packed alike; their byte address. */
function takeExpanded({ panel }: CompiledSet, fields: ConvolutionStep, depth: number): number {
  const panels = Math.ceil(fields.channels / panel);
  const address = arena.take(panels * depth * panel);
  for (let index = 0; index < panels; index++)
    arena.values.set(
      expandedPanel(arena.values, fields, depth * panel, index, panel),
      address / 4 + index * depth * panel,
    );
  return address;
}

function outputOf(fields: ConvolutionStep, image: number, position: number): number {
  const row = Math.floor(position / fields.columns);
  const column = position % fields.columns;
  return fields.output + image * fields.outputImage + row * fields.outputRow + column * fields.outputColumn;
}
