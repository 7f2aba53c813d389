/** Rows of every set are where the table says, and zeros where it says so. */
import { gatherRows } from "../../../../workers/reference/gradients/moving.js";
import { readStep, type Kernel } from "../../../../workers/steps.js";
import { expect } from "chai";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "gather_rows")} (TEST_SEED=${seed})`, () => {
    const { panel } = set;
    const kernel = arena.instantiateGradients(set.gradients).gather_rows;
    const reference: Kernel = (address, from, to) => {
      gatherRows(arena.values, readStep(view, address, "gather_rows"), [from, to], arena.words, panel);
    };

    it("gathers 1 to 60 rows of as many others", () => {
      const random = new Random(seed);
      for (let rows = 1; rows <= 60; rows++) {
        const sources = random.integer(1, 40);
        const [inputPanel, outputPanel] = [primeFrom(sources * panel), primeFrom(rows * panel)];
        const panels = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
        arena.reset();
        const table = arena.take(rows);
        for (let row = 0; row < rows; row++) arena.words[table / 4 + row] = random.integer(-1, sources - 1);
        const fields = {
          input: arena.fill((panels.inputImage + 1) * inputPanel, random),
          inputPanel: 4 * inputPanel,
          output: arena.take((panels.outputImage + 1) * outputPanel),
          ...{ outputPanel: 4 * outputPanel, table, rows },
        };
        const written = arena.compare({
          what: `seed ${seed}, ${JSON.stringify(fields)}`,
          step: { kernel: "gather_rows", fields },
          ...panels,
          ...{ reference, kernel, bound: () => 0 },
        });
        expect(written).to.equal(rows * panel);
      }
    });
  });
