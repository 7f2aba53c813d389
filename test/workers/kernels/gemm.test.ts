/** The matrix product of every set against workers/reference, for every number of panels and of tiles. */
import { expect } from "chai";
import { gemm } from "../../../workers/reference/gemm.js";
import { readStep, type GemmStep, type Kernel } from "../../../workers/steps.js";
import { Random, testSeed } from "../../random.js";
import { Arena, primeFrom, roundings } from "./arena.js";
import { compiledSets, titleOf, type CompiledSet } from "./registry.js";

const seed = testSeed();
const arena = new Arena();
const view = new DataView(arena.memory.buffer);

function place({ rows: tileRows, rest, panel }: CompiledSet, random: Random, depth: number) {
  const tiles = random.integer(0, 4);
  const rows = tileRows * tiles + (tiles === 0 || random.chance(0.5) ? rest : 0);
  const panels = random.integer(1, 4);
  const panelFrom = random.integer(0, panels - 1);
  const inputRow = primeFrom(depth);
  const inputPlane = primeFrom(rows * inputRow);
  const outputRow = primeFrom(panels * panel);
  const outputPlane = primeFrom(rows * outputRow);
  const weightsPlane = primeFrom(panels * depth * panel);
  const planes = { inputImage: random.integer(0, 2), outputImage: random.integer(0, 2) };
  arena.reset();
  const fields: GemmStep = {
    input: arena.fill((planes.inputImage + 1) * inputPlane, random),
    inputPlane: 4 * inputPlane,
    inputRow: 4 * inputRow,
    output: arena.take((planes.outputImage + 1) * outputPlane),
    outputPlane: 4 * outputPlane,
    outputRow: 4 * outputRow,
    weights: arena.fill((planes.inputImage + 1) * weightsPlane, random),
    weightsPlane: 4 * weightsPlane,
    depth,
    rows,
    panelFrom,
    panelTo: random.integer(panelFrom + 1, panels),
  };
  return { fields, ...planes };
}

for (const set of await compiledSets())
  describe(`${titleOf(set.name, "gemm")} (TEST_SEED=${seed})`, () => {
    const kernel = arena.instantiate(set.module).gemm;
    const reference: Kernel = (address, inputPlane, outputPlane) => {
      gemm(arena.values, readStep(view, address, "gemm"), inputPlane, outputPlane, set.panel);
    };

    it("is within n * 2^-24 of the sum of magnitudes for every depth from 1 to 70", () => {
      const random = new Random(seed);
      let outputs = 0;
      for (let depth = 1; depth <= 70; depth++)
        for (let repeat = 0; repeat < 3; repeat++) {
          const { fields, ...planes } = place(set, random, depth);
          const step = { kernel: "gemm", fields } as const;
          // a product and a sum for each term, and the rounding of the reference
          const share = roundings(depth + 1);
          outputs += arena.compare({
            what: `seed ${seed}, ${JSON.stringify({ ...fields, ...planes })}`,
            step,
            magnitude: step,
            ...planes,
            reference,
            kernel,
            bound: (_, magnitude) => share * magnitude,
          });
        }
      expect(outputs).to.be.above(70 * 3 * set.rest * set.panel);
    });
  });
