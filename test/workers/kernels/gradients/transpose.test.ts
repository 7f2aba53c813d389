/** The transposition of every set: every element is where the reference has it, whatever the rests of blocks are. */
import { expect } from "chai";
import { gradientKernels } from "../../../../workers/reference/gradients/kernels.js";
import { Random, testSeed } from "../../../random.js";
import { Arena, primeFrom } from "../arena.js";
import { compiledSets, gradientTitleOf } from "../registry.js";

const seed = testSeed();
const arena = new Arena();
const reference = gradientKernels(arena.memory).transpose;

for (const set of await compiledSets())
  describe(`${gradientTitleOf(set.name, "transpose")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiateGradients(set.gradients).transpose;

    it("moves 1 to 19 rows of 1 to 19 columns, of 1 to 3 panels", () => {
      const random = new Random(seed);
      for (let rows = 1; rows <= 19; rows++)
        for (let columns = 1; columns <= 19; columns++) {
          const [inputRow, outputRow] = [primeFrom(columns), primeFrom(rows)];
          const [inputPanel, outputPanel] = [primeFrom(rows * inputRow), primeFrom(columns * outputRow)];
          const panels = random.integer(1, 3);
          const [inputBlock, outputBlock] = [primeFrom(panels * inputPanel), primeFrom(panels * outputPanel)];
          const blocks = { inputImage: random.integer(0, 1), outputImage: random.integer(0, 1) };
          arena.reset();
          const fields = {
            input: arena.fill((blocks.inputImage + 1) * inputBlock, random),
            ...{ inputBlock: 4 * inputBlock, inputPanel: 4 * inputPanel, inputRow: 4 * inputRow },
            output: arena.take((blocks.outputImage + 1) * outputBlock),
            ...{ outputBlock: 4 * outputBlock, outputPanel: 4 * outputPanel, outputRow: 4 * outputRow },
            ...{ panels, rows, columns },
          };
          const outputs = arena.compare({
            what: `seed ${seed}, ${rows} x ${columns}`,
            step: { kernel: "transpose", fields },
            ...blocks,
            ...{ reference, kernel, bound: () => 0 },
          });
          expect(outputs).to.equal(panels * rows * columns);
        }
    });
  });
