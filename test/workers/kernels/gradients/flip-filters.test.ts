/** Filters turned round, of every set as the reference has them, and the reference as the transpose of a convolution. */
import { expect } from "chai";
import { convolution } from "../../../../workers/reference/convolution.js";
import { flipFilters } from "../../../../workers/reference/gradients/moving.js";
import { readStep, type Kernel } from "../../../../workers/steps.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "flip_filters")} (TEST_SEED=${seed})`, () => {
    const { panel } = set;
    const kernel = arena.instantiateGradients(set.gradients).flip_filters;
    const reference: Kernel = (address, first, second) => {
      flipFilters(arena.values, readStep(view, address, "flip_filters"), first, second, panel);
    };

    it("has every tap where the reference has it, with zeros for inputs that do not exist", () => {
      const random = new Random(seed);
      for (let repeat = 0; repeat < 200; repeat++) {
        const [inputs, outputs] = [random.integer(1, 40), random.integer(1, 40)];
        const [rows, columns] = [random.integer(1, 4), random.integer(1, 4)];
        const inputPanel = primeFrom(rows * columns * inputs * panel);
        const outputPanel = primeFrom(rows * columns * outputs * panel);
        const panels = Math.ceil(inputs / panel);
        arena.reset();
        const fields = {
          // a last panel of inputs is read as far as panels go: what lies there is not kept
          input: arena.fill(Math.ceil(outputs / panel) * inputPanel + panel * panel, random),
          inputPanel: 4 * inputPanel,
          output: arena.take(panels * outputPanel),
          ...{ outputPanel: 4 * outputPanel, inputs, outputs, rows, columns },
        };
        const written = arena.compare({
          what: `seed ${seed}, ${JSON.stringify(fields)}`,
          step: { kernel: "flip_filters", fields },
          ...{ inputImage: 0, outputImage: random.integer(0, panels - 1) },
          ...{ reference, kernel, bound: () => 0 },
        });
        expect(written).to.equal(rows * columns * outputs * panel);
      }
    });
  });

describe(`filters turned round (TEST_SEED=${seed})`, () => {
  it("are the transpose: <conv(x), dy> = <x, turned(dy)> for all x and dy", () => {
    const random = new Random(seed);
    const PANEL = 4;
    for (const [channels, outputs, size, kernel] of [
      [4, 8, 6, 3],
      [8, 4, 5, 2],
    ]) {
      const after = size - kernel + 1;
      const padded = after + 2 * (kernel - 1);
      const values = new Float64Array(20_000);
      const [x, w, y, dy, turned, dx, zeros] = [0, 2000, 5000, 7000, 10_000, 14_000, 16_000];
      for (let i = 0; i < size * size * channels; i++) values[x + i] = random.value();
      for (let i = 0; i < kernel * kernel * channels * outputs; i++) values[w + i] = random.value();
      const common = {
        inputImage: 0,
        outputImage: 0,
        outerRuns: 1,
        outerStride: 0,
        scratch: 0,
        floor: -Infinity,
      };
      const conv = (from: number, to: number, weights: number, width: number, ins: number, outs: number) => {
        const result = width - kernel + 1;
        convolution(
          values,
          {
            ...common,
            ...{ input: 4 * from, inputRow: 4 * width * ins, inputColumn: 4 * ins },
            ...{ output: 4 * to, outputRow: 4 * result * outs, outputColumn: 4 * outs },
            ...{ weights: 4 * weights, bias: 4 * zeros, innerRuns: kernel, innerStride: 4 * width * ins },
            ...{ runLength: kernel * ins, columns: result, positionFrom: 0, positionTo: result * result },
            ...{ panelFrom: 0, panelTo: outs / PANEL, channels: outs },
          },
          0,
          0,
          PANEL,
        );
      };
      conv(x, y, w, size, channels, outputs);
      let direct = 0;
      for (let row = 0; row < after; row++)
        for (let column = 0; column < after; column++)
          for (let o = 0; o < outputs; o++) {
            const value = random.value();
            const at = (row + kernel - 1) * padded + column + kernel - 1;
            values[dy + at * outputs + o] = value;
            direct += value * values[y + (row * after + column) * outputs + o];
          }
      const panelSize = kernel * kernel * outputs * PANEL;
      const step = {
        ...{ input: 4 * w, inputPanel: 4 * kernel * kernel * channels * PANEL },
        ...{ output: 4 * turned, outputPanel: 4 * panelSize, inputs: channels, outputs },
        ...{ rows: kernel, columns: kernel },
      };
      for (let panel = 0; panel < channels / PANEL; panel++) flipFilters(values, step, 0, panel, PANEL);
      conv(dy, dx, turned, padded, outputs, channels);
      let transposed = 0;
      for (let i = 0; i < size * size * channels; i++) transposed += values[x + i] * values[dx + i];
      // sums of a few thousand products below 1, in float64
      expect(transposed, `seed ${seed}`).to.be.closeTo(direct, 1e-10);
    }
  });
});
