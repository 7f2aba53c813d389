/** The reference in the upper half of the largest memory, where a step's addresses are negative numbers. */
import { expect } from "chai";
import { referenceKernels } from "../../workers/reference/kernels.js";
import { STEP_BYTES, writeStep, type ForwardStep } from "../../workers/steps.js";

/** Above 2 GiB; what no test touches of it is never there. */
const BASE = 2 ** 31 + 65536;
const PAGES = BASE / 65536 + 1;
const INPUT = STEP_BYTES;
const OUTPUT = 8192;

const STEPS: readonly ForwardStep[] = [
  {
    kernel: "gemm",
    fields: {
      ...{ input: INPUT, inputPlane: 0, inputRow: 12, output: OUTPUT, outputPlane: 0, outputRow: 64 },
      ...{ weights: INPUT + 1024, weightsPlane: 0, depth: 3, rows: 4, panelFrom: 0, panelTo: 2 },
    },
  },
  {
    kernel: "space_to_depth",
    fields: {
      ...{ input: INPUT, inputImage: 0, inputChannel: 80, inputRow: 20 },
      ...{ output: OUTPUT, outputImage: 0, outputRow: 96, outputColumn: 32 },
      ...{
        channels: 2,
        columns: 5,
        blockSize: 2,
        paddingTop: 1,
        paddingLeft: 1,
        rowFrom: 0,
        notFinite: 0,
        rowTo: 4,
      },
    },
  },
];

describe("the reference kernels", () => {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const kernels = referenceKernels(memory);

  /** What a step makes of the same inputs with everything `base` bytes further up. */
  function resultAt({ kernel, fields }: ForwardStep, base: number): number[] {
    const values = new Float32Array(memory.buffer, base, 16384 / 4);
    values.forEach((_, at) => {
      values[at] = at < OUTPUT / 4 ? Math.sin(at) : NaN;
    });
    const moved = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [
        field,
        // as int32, as a step holds it
        ["input", "output", "weights"].includes(field) ? (value + base) | 0 : value,
      ]),
    );
    writeStep(new DataView(memory.buffer), base, { kernel, fields: moved } as ForwardStep);
    kernels[kernel](base, 0, 0);
    return [...values.subarray(OUTPUT / 4)];
  }

  for (const step of STEPS)
    it(`${step.kernel} gives the same above 2 GiB as below`, () => {
      const below = resultAt(step, 65536);
      expect(below.filter(Number.isFinite).length).to.be.above(30);
      expect(resultAt(step, BASE)).to.deep.equal(below);
    });
});
