/** The expansion of every set against workers/reference: it only moves bits, so the same bits. */
import { expect } from "chai";
import { expand } from "../../../workers/reference/bfloat16.js";
import { readStep, type ExpandStep, type Kernel } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom } from "./arena.js";
import { compiledSets, titleOf } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);
/** Every bfloat16: NaNs, infinities, subnormal numbers and both zeros among them. */
const ALL = 65536;

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "expand")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).expand;
    const reference: Kernel = (address, inputPanel, outputPanel) => {
      expand(arena.values, readStep(view, address, "expand"), inputPanel, outputPanel, set.panel);
    };

    it("gives the reference's bits for every depth from 1 to 70", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let depth = 1; depth <= 70; depth++) {
        const panels = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
        const inputPanel = primeFrom((depth * set.panel) / 2);
        const outputPanel = primeFrom(depth * set.panel);
        arena.reset();
        const fields: ExpandStep = {
          input: arena.fillPairs((panels.inputImage + 1) * inputPanel, random),
          inputPanel: 4 * inputPanel,
          output: arena.take((panels.outputImage + 1) * outputPanel),
          outputPanel: 4 * outputPanel,
          depth,
        };
        outputs += arena.compare({
          what: `seed ${seed}, ${JSON.stringify({ ...fields, ...panels })}`,
          step: { kernel: "expand", fields },
          ...panels,
          reference,
          kernel,
          bound: () => 0,
        });
      }
      expect(outputs).to.equal((set.panel * 70 * 71) / 2);
    });

    it("puts each bfloat16 into the upper half of its float32, whatever it is", () => {
      const half = set.panel / 2;
      arena.reset();
      const input = arena.take(ALL / 2);
      const output = arena.take(ALL);
      const pairs = new Uint16Array(arena.memory.buffer, input, ALL);
      // row by row, column c in the lower half of word c, or in the upper half of word c - half
      for (let bits = 0; bits < ALL; bits++) {
        const [row, column] = [Math.floor(bits / set.panel), bits % set.panel];
        pairs[row * set.panel + 2 * (column % half) + Math.floor(column / half)] = bits;
      }
      const fields = { input, inputPanel: 0, output, outputPanel: 0, depth: ALL / set.panel };
      const step = { kernel: "expand", fields } as const;
      const words = arena.run(kernel, { step, inputImage: 0, outputImage: 0 });
      const floats = new Uint32Array(words.buffer).subarray((output - 65536) / 4);
      for (let bits = 0; bits < ALL; bits++)
        if (floats[bits] !== bits * ALL) expect(floats[bits], `bfloat16 ${bits}`).to.equal(bits * ALL);
    });
  });
