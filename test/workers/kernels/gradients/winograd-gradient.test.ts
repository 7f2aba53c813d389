/** What Winograd's weights' gradient is made of, of every set, against workers/reference/gradients. */
import { expect } from "chai";
import { gemmGradientScratch, winogradGradientScratch } from "../../../../lib/plan/training/scratch.js";
import {
  gemmGradient,
  winogradFilterGradient,
  winogradGradient,
} from "../../../../workers/reference/gradients/winograd-gradient.js";
import { readStep, type Kernel, type StepOf } from "../../../../workers/steps.js";
import { filterTransform, outputTransform, PLANES, POINTS } from "../../../../workers/winograd.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf, type CompiledSet } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
const LANES = 8;

/** The largest sum of magnitudes of a column: what the transposed transform makes of elements below 1, at most. */
const largestColumn = (matrix: readonly (readonly number[])[]): number =>
  Math.max(...matrix[0].map((_, j) => matrix.reduce((sum, row) => sum + Math.abs(row[j]), 0)));

function placeGradient({ panel }: CompiledSet, random: Random) {
  const channels = LANES * random.integer(1, 5);
  const panels = Math.ceil(channels / panel);
  const panelFrom = random.integer(0, panels - 1);
  const [rows, columns] = [random.integer(1, 11), random.integer(1, 11)];
  const gradientColumn = primeFrom(channels);
  const gradientRow = primeFrom(columns * gradientColumn);
  const gradientImage = primeFrom(rows * gradientRow);
  const tiles = Math.ceil(rows / 3) * Math.ceil(columns / 3);
  const outputImage = primeFrom(tiles * panel);
  const outputPanel = primeFrom(3 * outputImage);
  const outputPlane = primeFrom(panels * outputPanel);
  arena.reset();
  const fields: StepOf<"winograd_gradient_5"> = {
    gradient: arena.fill(3 * gradientImage, random),
    gradientImage: 4 * gradientImage,
    gradientRow: 4 * gradientRow,
    gradientColumn: 4 * gradientColumn,
    output: arena.take(PLANES * outputPlane),
    ...{ outputImage: 4 * outputImage, outputPanel: 4 * outputPanel, outputPlane: 4 * outputPlane },
    ...{ rows, columns, channels, panelFrom, panelTo: random.integer(panelFrom + 1, panels) },
    scratch: arena.takeScratch(winogradGradientScratch),
  };
  return { fields, inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
}

function placeGemm(set: CompiledSet, random: Random) {
  const { panel } = set;
  const depth = LANES * random.integer(1, 6);
  const rows = random.integer(1, 20);
  const panels = random.integer(1, 3);
  const panelFrom = random.integer(0, panels - 1);
  const inputRow = primeFrom(depth);
  const inputPlane = primeFrom(rows * inputRow);
  const gradientPanel = primeFrom(rows * panel);
  const gradientPlane = primeFrom(panels * gradientPanel);
  const outputPlane = primeFrom(panels * depth * panel);
  arena.reset();
  const fields: StepOf<"gemm_gradient"> = {
    input: arena.fill(3 * inputPlane, random),
    ...{ inputPlane: 4 * inputPlane, inputRow: 4 * inputRow },
    gradient: arena.fill(3 * gradientPlane, random),
    ...{ gradientPlane: 4 * gradientPlane, gradientPanel: 4 * gradientPanel },
    output: arena.fill(3 * outputPlane, random),
    ...{ outputPlane: 4 * outputPlane, depth, rows },
    ...{ panelFrom, panelTo: random.integer(panelFrom + 1, panels), accumulate: random.integer(0, 1) },
    scratch: arena.takeScratch(gemmGradientScratch),
  };
  return { fields, inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
}

function placeFilter({ panel }: CompiledSet, random: Random, taps: 3 | 5) {
  const [outer, channels] = [random.integer(1, 2), random.integer(1, 6)];
  const outputPanel = primeFrom(outer * taps * taps * channels * panel);
  const inputPanel = primeFrom(outer * channels * panel);
  const inputPlane = primeFrom(2 * inputPanel);
  arena.reset();
  const fields: StepOf<"winograd_filter_gradient"> = {
    input: arena.fill(PLANES * inputPlane, random),
    ...{ inputPanel: 4 * inputPanel, inputPlane: 4 * inputPlane },
    output: arena.take(2 * outputPanel),
    ...{ outputPanel: 4 * outputPanel, outer, channels, taps },
    scratch: arena.takeScratch(winogradGradientScratch),
  };
  return { fields, inputImage: random.integer(0, 1), outputImage: random.integer(0, 1) };
}

for (const set of await compiledSets()) {
  const kernels = arena.instantiateGradients(set.gradients);

  for (const [name, outputs] of [
    ["winograd_gradient_3", 3],
    ["winograd_gradient_5", 5],
  ] as const)
    describe(`${gradientTitleOf(set.name, name)} (TEST_SEED=${seed})`, () => {
      it("is within its roundings, for maps that end inside a tile and channels that end inside a panel", () => {
        const random = new Random(seed);
        // in each of two passes a product and a sum for each term, and the reference's rounding
        const share = roundings(2 * 2 * outputs + 1);
        // row i of A is column i of A^T
        const largest = largestColumn(outputTransform(outputs)) ** 2;
        let written = 0;
        for (let repeat = 0; repeat < 40; repeat++) {
          const { fields, ...images } = placeGradient(set, random);
          written += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: { kernel: name, fields },
            ...images,
            reference: (address, slot, image) => {
              winogradGradient(arena.values, readStep(view, address, name), slot, image, outputs, set.panel);
            },
            kernel: kernels[name],
            bound: () => share * largest,
          });
        }
        expect(written).to.be.above(40 * PLANES * LANES);
      });
    });

  describe(`${gradientTitleOf(set.name, "gemm_gradient")} (TEST_SEED=${seed})`, () => {
    const kernel = kernels.gemm_gradient;
    const stepOf = (fields: StepOf<"gemm_gradient">) => ({ kernel: "gemm_gradient", fields }) as const;

    it("is within its roundings, for every rest of a tile", () => {
      const random = new Random(seed);
      const reference: Kernel = (address, from, to) => {
        gemmGradient(arena.values, readStep(view, address, "gemm_gradient"), from, to, set.panel);
      };
      let written = 0;
      for (let repeat = 0; repeat < 80; repeat++) {
        const { fields, ...images } = placeGemm(set, random);
        // a product and a sum for each tile, and the rounding of the reference
        const share = roundings(fields.rows + 2);
        written += arena.compare({
          what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
          ...{ step: stepOf(fields), magnitude: stepOf(fields), ...images, reference, kernel },
          bound: (_, magnitude) => share * magnitude,
        });
      }
      expect(written).to.be.above(80 * LANES * set.panel);
    });

    it("gives the same bits for tiles at once and in two blocks", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 40; repeat++) {
        const { fields, ...images } = placeGemm(set, random);
        const end = (fields.scratch - 65536) / 4;
        const whole = arena.run(kernel, { step: stepOf(fields), ...images }).subarray(0, end);
        const rows = random.integer(0, fields.rows);
        const blocks: Kernel = (address, from, to) => {
          const call = (part: Partial<StepOf<"gemm_gradient">>) => {
            for (const [field, value] of Object.entries(part))
              view.setInt32(address + 4 * Object.keys(fields).indexOf(field), value, true);
            kernel(address, from, to);
          };
          if (rows > 0) call({ rows });
          if (rows === fields.rows) return;
          call({
            input: fields.input + rows * fields.inputRow,
            gradient: fields.gradient + rows * set.panel * 4,
            rows: fields.rows - rows,
            ...(rows > 0 && { accumulate: 1 }),
          });
        };
        const parts = arena.run(blocks, { step: stepOf(fields), ...images }).subarray(0, end);
        // the step itself is in front
        expect(parts.subarray(24), `seed ${seed}, ${JSON.stringify(fields)}`).to.deep.equal(
          whole.subarray(24),
        );
      }
    });
  });

  describe(`${gradientTitleOf(set.name, "winograd_filter_gradient")} (TEST_SEED=${seed})`, () => {
    for (const taps of [3, 5] as const)
      it(`is within its roundings for filters of ${taps} x ${taps}`, () => {
        const random = new Random(seed);
        // in each of two passes a product and a sum for each point, the scale and its own rounding; then the reference's
        const share = roundings(2 * 2 * (POINTS + 1) + 1);
        const largest = largestColumn(filterTransform(taps)) ** 2;
        for (let repeat = 0; repeat < 20; repeat++) {
          const { fields, ...images } = placeFilter(set, random, taps);
          const written = arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...images })}`,
            step: { kernel: "winograd_filter_gradient", fields },
            ...images,
            reference: (address, from, to) => {
              const step = readStep(view, address, "winograd_filter_gradient");
              winogradFilterGradient(arena.values, step, from, to, set.panel);
            },
            kernel: kernels.winograd_filter_gradient,
            bound: () => share * largest,
          });
          expect(written).to.equal(fields.outer * taps * taps * fields.channels * set.panel);
        }
      });
  });
}
