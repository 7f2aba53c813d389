/** Both weights' gradients of every set against workers/reference/gradients, for every rest of a run and of a panel. */
import { expect } from "chai";
import { packedGradientScratch, weightsGradientScratch } from "../../../../lib/plan/training/scratch.js";
import { convolution } from "../../../../workers/reference/convolution.js";
import { weightsGradient } from "../../../../workers/reference/gradients/weights.js";
import { readStep, type Kernel, type StepOf } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf, type CompiledSet } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const KERNELS = ["weights_gradient", "weights_gradient_packed"] as const;
type Name = (typeof KERNELS)[number];
type Fields = StepOf<Name>;
const stepOf = (fields: Fields) => ({ kernel: "weights_gradient", fields }) as const;

function place(set: CompiledSet, name: Name, random: Random, runLength: number, channels: number) {
  const { panel } = set;
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
  const scratch =
    name === "weights_gradient"
      ? weightsGradientScratch(set, rows * columns)
      : packedGradientScratch(set, rows * columns, channels);
  const fields: Fields = {
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
    scratch: arena.takeScratch(scratch),
  };
  return { fields, ...images };
}

for (const set of await compiledSets()) {
  const kernels = arena.instantiateGradients(set.gradients);
  const reference: Kernel = (address, image, slot) => {
    weightsGradient(arena.values, readStep(view, address, "weights_gradient"), image, slot, set.panel);
  };

  for (const name of KERNELS)
    describe(`${gradientTitleOf(set.name, name)} (TEST_SEED=${seed})`, () => {
      const kernel = kernels[name];

      function compare(
        random: Random,
        runLength: number,
        channels: number,
        part: Partial<Fields> = {},
      ): number {
        const { fields: placed, ...images } = place(set, name, random, runLength, channels);
        const fields = { ...placed, ...part };
        // a product and a sum for each position, one to what is there, and the rounding of the reference
        const share = roundings(fields.rows * fields.columns + 2);
        return arena.compare({
          what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
          step: stepOf(fields),
          magnitude: stepOf(fields),
          ...images,
          reference,
          kernel,
          bound: (_, magnitude) => share * magnitude,
        });
      }

      it("is within its roundings for runs of 1 to 25 elements and 1 to 40 channels", () => {
        const random = new Random(seed);
        let outputs = 0;
        for (let runLength = 1; runLength <= 25; runLength++)
          for (let repeat = 0; repeat < 8; repeat++)
            outputs += compare(random, runLength, random.integer(1, 40));
        expect(outputs).to.be.above(25 * 8);
      });

      it("is within its roundings for more channels than are copied together", () => {
        const random = new Random(seed);
        for (const channels of [512, 513, 600, 1040]) {
          const all = { panelFrom: 0, panelTo: Math.ceil(channels / set.panel), innerRuns: 1, outerRuns: 1 };
          expect(compare(random, 7, channels, all)).to.be.above(0.99 * 7 * channels);
        }
      });

      it("gives an element the same bits in whichever tile it lies", () => {
        const random = new Random(seed);
        for (let repeat = 0; repeat < 40; repeat++) {
          const placed = place(set, name, random, random.integer(8, 25), random.integer(2, 40));
          const { fields: wanted, ...images } = placed;
          const panels = Math.ceil(wanted.channels / set.panel);
          const fields = {
            ...wanted,
            ...{ panelFrom: 0, panelTo: panels, innerRuns: 1, outerRuns: 1, accumulate: 0 },
          };
          const whole = arena.run(kernel, { step: stepOf(fields), ...images });
          // the same run without its first elements: tiles begin elsewhere
          const skipped = random.integer(1, 7);
          const runLength = fields.runLength - skipped;
          const shifted = { ...fields, input: fields.input + 4 * skipped, runLength };
          const part = arena.run(kernel, { step: stepOf(shifted), ...images });
          const first = (fields.output - 65536) / 4;
          for (let panel = 0; panel < panels; panel++)
            for (let k = 0; k < runLength; k++)
              for (let c = 0; c < Math.min(set.panel, fields.channels - panel * set.panel); c++) {
                const at = (panel * runLength + k) * set.panel + c;
                const same = (panel * fields.runLength + k + skipped) * set.panel + c;
                expect(part[first + at], `seed ${seed}, ${panel} ${k} ${c}`).to.equal(whole[first + same]);
              }
        }
      });
    });

  describe(`${KERNELS.map((name) => gradientTitleOf(set.name, name)).join(", ")} (TEST_SEED=${seed})`, () => {
    it("give the same bits", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 60; repeat++) {
        const channels = random.integer(1, 40);
        const { fields, ...images } = place(set, KERNELS[1], random, random.integer(1, 25), channels);
        const [direct, packed] = KERNELS.map((name) =>
          // up to the scratch, which lies behind all else
          arena
            .run(kernels[name], { step: stepOf(fields), ...images })
            .subarray(0, (fields.scratch - 65536) / 4),
        );
        expect(packed, `seed ${seed}, ${JSON.stringify(fields)}`).to.deep.equal(direct);
      }
    });
  });
}

describe(`the reference of the weights' gradient (TEST_SEED=${seed})`, () => {
  it("is the derivative: <conv(x; w), dy> is linear in w, and dW its coefficients", () => {
    const random = new Random(seed);
    const PANEL = 4;
    const [channels, outputs, size, kernel] = [3, 6, 7, 3];
    const after = Math.floor((size - kernel) / 2) + 1;
    const panels = Math.ceil(outputs / PANEL);
    const depth = kernel * kernel * channels;
    const values = new Float64Array(4000);
    const [x, dy, w, dw, y, zeros] = [0, 500, 1000, 2000, 3000, 3500];
    // small integers: every product and sum is exact
    for (let i = x; i < w; i++) values[i] = random.integer(-9, 9);
    const common = {
      ...{ input: 4 * x, inputImage: 0, inputRow: 4 * 2 * size * channels, inputColumn: 4 * 2 * channels },
      ...{ outerRuns: 1, outerStride: 0, innerRuns: kernel, innerStride: 4 * size * channels },
      ...{ runLength: kernel * channels, columns: after, panelFrom: 0, panelTo: panels, channels: outputs },
      scratch: 0,
    };
    const places = { row: 4 * after * outputs, column: 4 * outputs };
    const forward = {
      ...common,
      ...{ output: 4 * y, outputImage: 0, outputRow: places.row, outputColumn: places.column },
      ...{ weights: 4 * w, bias: 4 * zeros, positionFrom: 0, positionTo: after * after, floor: -Infinity },
    };
    const backward = {
      ...common,
      ...{ gradient: 4 * dy, gradientImage: 0, gradientRow: places.row, gradientColumn: places.column },
      ...{ output: 4 * dw, rows: after, accumulate: 0 },
    };
    weightsGradient(values, backward, 0, 0, PANEL);
    for (let at = 0; at < panels * depth * PANEL; at++) {
      values.fill(0, w, w + panels * depth * PANEL);
      values[w + at] = 1;
      convolution(values, forward, 0, 0, PANEL);
      let coefficient = 0;
      for (let i = 0; i < after * after * outputs; i++) coefficient += values[y + i] * values[dy + i];
      expect(values[dw + at], `seed ${seed}, weight ${at}`).to.equal(coefficient);
    }
  });
});
