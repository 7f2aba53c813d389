/** The weights' gradient of every set against workers/reference/gradients, for every rest of a run and of a panel. */
import { expect } from "chai";
import { weightsGradient } from "../../../../workers/reference/gradients/weights.js";
import { readStep, type Kernel, type StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf, type CompiledSet } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const stepOf = (fields: StepOf<"weights_gradient">) => ({ kernel: "weights_gradient", fields }) as const;

function place({ panel }: CompiledSet, random: Random, runLength: number, channels: number) {
  const [rows, columns] = [random.integer(1, 5), random.integer(1, 5)];
  const [outerRuns, innerRuns] = [random.integer(1, 2), random.integer(1, 3)];
  const panels = Math.ceil(channels / panel);
  const panelFrom = random.integer(0, panels - 1);
  // windows overlap, as those of a convolution do
  const inputColumn = random.integer(1, 7);
  const innerStride = primeFrom(columns * inputColumn + runLength);
  const inputRow = random.chance(0.5) ? innerStride : primeFrom(2 * innerStride);
  const outerStride = primeFrom(rows * inputRow + innerRuns * innerStride);
  const inputImage = primeFrom(outerRuns * outerStride);
  const gradientColumn = primeFrom(channels);
  const gradientRow = primeFrom(columns * gradientColumn);
  const gradientImage = primeFrom(rows * gradientRow);
  const images = { inputImage: random.integer(0, 1), outputImage: random.integer(0, 1) };
  arena.reset();
  const fields: StepOf<"weights_gradient"> = {
    input: arena.fill((images.inputImage + 1) * inputImage, random),
    inputImage: 4 * inputImage,
    inputRow: 4 * inputRow,
    inputColumn: 4 * inputColumn,
    gradient: arena.fill((images.outputImage + 1) * gradientImage, random),
    gradientImage: 4 * gradientImage,
    gradientRow: 4 * gradientRow,
    gradientColumn: 4 * gradientColumn,
    output: arena.fill(panels * panel * outerRuns * innerRuns * runLength, random),
    ...{ outerRuns, outerStride: 4 * outerStride, innerRuns, innerStride: 4 * innerStride, runLength },
    ...{ rows, columns, panelFrom, panelTo: random.integer(panelFrom + 1, panels), channels },
    accumulate: random.integer(0, 1),
    scratch: arena.takeScratch(1024),
  };
  return { fields, ...images };
}

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "weights_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).weights_gradient;
    const reference: Kernel = (address, image, slot) => {
      weightsGradient(arena.values, readStep(view, address, "weights_gradient"), image, slot, set.panel);
    };

    it("is within its roundings for runs of 1 to 25 elements and 1 to 40 channels", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let runLength = 1; runLength <= 25; runLength++)
        for (let repeat = 0; repeat < 8; repeat++) {
          const { fields, ...images } = place(set, random, runLength, random.integer(1, 40));
          // a product and a sum for each position, one to what is there, and the rounding of the reference
          const share = roundings(fields.rows * fields.columns + 2);
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
      expect(outputs).to.be.above(25 * 8);
    });

    it("gives an element the same bits in whichever tile and panel it lies", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 40; repeat++) {
        const { fields, ...images } = place(set, random, random.integer(8, 25), random.integer(2, 40));
        const all = {
          ...fields,
          panelFrom: 0,
          panelTo: Math.ceil(fields.channels / set.panel),
          innerRuns: 1,
          outerRuns: 1,
        };
        const whole = arena.run(kernel, { step: stepOf(all), ...images });
        // the same run without its first elements: tiles begin elsewhere
        const skipped = random.integer(1, 7);
        const shifted = { ...all, input: all.input + 4 * skipped, runLength: all.runLength - skipped };
        const part = arena.run(kernel, { step: stepOf({ ...shifted, accumulate: 0 }), ...images });
        const stored = arena.run(kernel, { step: stepOf({ ...all, accumulate: 0 }), ...images });
        expect(whole).to.have.lengthOf(stored.length);
        const first = (fields.output - 65536) / 4;
        for (let panel = 0; panel < all.panelTo; panel++)
          for (let k = 0; k < shifted.runLength; k++)
            for (let c = 0; c < Math.min(set.panel, fields.channels - panel * set.panel); c++) {
              const at = (panel * shifted.runLength + k) * set.panel + c;
              const same = (panel * all.runLength + k + skipped) * set.panel + c;
              expect(part[first + at], `seed ${seed}, ${panel} ${k} ${c}`).to.equal(stored[first + same]);
            }
      }
    });
  });
