/** The filters' transform of every set against the reference in float64, within its roundings. */
import { expect } from "chai";
import { winogradFilter } from "../../../../workers/reference/gradients/winograd-filter.js";
import { readStep, type Kernel } from "../../../../workers/steps.js";
import { filterTransform, PLANES, POINTS } from "../../../../workers/winograd.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom, roundings } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);

/** Sums of |G| |g| |G^T| in the place of the planes. */
function magnitudesFor(panel: number): Kernel {
  return (address, inputPanel, outputPanel) => {
    const step = readStep(view, address, "winograd_filter");
    const matrix = filterTransform(step.taps).map((row) => row.map(Math.abs));
    const size = step.channels * panel;
    const input = (step.input + inputPanel * step.inputPanel) / 4;
    const output = (step.output + outputPanel * step.outputPanel) / 4;
    for (let outer = 0; outer < step.outer; outer++)
      for (let at = 0; at < size; at++)
        for (let i = 0; i < POINTS; i++)
          for (let j = 0; j < POINTS; j++) {
            let sum = 0;
            for (let y = 0; y < step.taps; y++)
              for (let x = 0; x < step.taps; x++)
                sum +=
                  matrix[i][y] *
                  matrix[j][x] *
                  arena.values[input + ((outer * step.taps + y) * step.taps + x) * size + at];
            arena.values[output + ((POINTS * i + j) * step.outputPlane) / 4 + outer * size + at] = sum;
          }
  };
}

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "winograd_filter")} (TEST_SEED=${seed})`, () => {
    const { panel } = set;
    const kernel = arena.instantiateGradients(set.gradients).winograd_filter;
    const reference: Kernel = (address, from, to) => {
      winogradFilter(arena.values, readStep(view, address, "winograd_filter"), from, to, panel);
    };

    for (const taps of [3, 5])
      it(`is within its roundings for filters of ${taps} x ${taps}`, () => {
        const random = new Random(seed);
        for (let repeat = 0; repeat < 20; repeat++) {
          const [outer, channels] = [random.integer(1, 2), random.integer(1, 6)];
          const inputPanel = primeFrom(outer * taps * taps * channels * panel);
          const outputPanel = primeFrom(outer * channels * panel);
          const outputPlane = primeFrom(2 * outputPanel);
          const panels = { inputImage: random.integer(0, 1), outputImage: random.integer(0, 1) };
          arena.reset();
          const fields = {
            input: arena.fill((panels.inputImage + 1) * inputPanel, random),
            inputPanel: 4 * inputPanel,
            output: arena.take(PLANES * outputPlane),
            ...{ outputPanel: 4 * outputPanel, outputPlane: 4 * outputPlane, outer, channels, taps },
            scratch: arena.takeScratch(POINTS * 5 * 8 * 4),
          };
          const step = { kernel: "winograd_filter", fields } as const;
          // in each of two passes a product and a sum for each tap, the scale and its own rounding; then the reference's
          const share = roundings(2 * (taps + 2) + 1);
          const written = arena.compare({
            what: `seed ${seed}, ${JSON.stringify(fields)}`,
            ...{ step, magnitude: step, magnitudes: magnitudesFor(panel) },
            ...panels,
            ...{ reference, kernel, bound: (_: number, magnitude: number) => share * magnitude },
          });
          expect(written).to.equal(PLANES * outer * channels * panel);
        }
      });
  });
