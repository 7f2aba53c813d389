/** What decides whether a kernel set is right here: every set is, and no fault in a kernel goes unseen. */
import { expect } from "chai";
import { referenceKernels } from "../../workers/reference/kernels.js";
import { REFERENCE_PANEL } from "../../workers/reference/panel.js";
import { Checks } from "../../workers/checks.js";
import { instantiate } from "../../workers/instantiate.js";
import type { SharedMemory } from "../../workers/protocol.js";
import { readStep, type Kernel, type ForwardKernelName, type ForwardKernels } from "../../workers/steps.js";
import { compiledSets } from "./kernels/registry.js";

const CHECKED = [
  "conv_tile",
  "conv_row",
  "gemm",
  "winograd_input",
  "winograd_output_5",
  "winograd_output_3",
] as const satisfies readonly ForwardKernelName[];

/** The reference with one kernel whose first output is off by `error` in its calls number `from` to before `to`. */
const faulty =
  (name: (typeof CHECKED)[number], error: number, from = 0, to = Infinity) =>
  (memory: SharedMemory): ForwardKernels => {
    const kernels = referenceKernels(memory);
    const view = new DataView(memory.buffer);
    let calls = 0;
    const kernel: Kernel = (address, inputImage, outputImage) => {
      kernels[name](address, inputImage, outputImage);
      const { output } = readStep(view, address, name);
      if (calls >= from && calls < to) view.setFloat32(output, view.getFloat32(output, true) + error, true);
      calls++;
    };
    return { ...kernels, [name]: kernel };
  };

const areRight = (checks: Checks): boolean => checks.areRight(checks.run());

const sets = await compiledSets();

describe("checks of kernels", () => {
  for (const { name, module, panel } of sets)
    it(`find the kernels of ${name} right, cold and hot`, () => {
      const checks = new Checks((memory) => instantiate(module, memory), panel);
      expect(areRight(checks)).to.equal(true);
      checks.heat();
      expect(areRight(checks)).to.equal(true);
    });

  for (const name of CHECKED)
    it(`see one output of ${name} that is off, however it is`, () => {
      expect(areRight(new Checks(faulty(name, 0), REFERENCE_PANEL))).to.equal(true);
      for (const error of [0.002, -0.002, Infinity, NaN])
        expect(areRight(new Checks(faulty(name, error), REFERENCE_PANEL)), String(error)).to.equal(false);
    });

  for (const name of CHECKED)
    it(`see outputs that ${name} leaves as they were`, () => {
      const idle = (memory: SharedMemory): ForwardKernels => ({
        ...referenceKernels(memory),
        [name]: () => undefined,
      });
      expect(areRight(new Checks(idle, REFERENCE_PANEL))).to.equal(false);
    });

  it("see a kernel that was wrong at first and is right now", () => {
    const checks = new Checks(faulty("gemm", 1, 0, 1), REFERENCE_PANEL);
    const first = checks.run();
    expect(areRight(checks)).to.equal(true);
    expect(checks.areRight(first)).to.equal(false);
  });

  it("take outputs that are missing for wrong", () => {
    const checks = new Checks(faulty("gemm", 0), REFERENCE_PANEL);
    expect(checks.areRight(checks.run().subarray(0, -1))).to.equal(false);
  });

  it("see a kernel that goes wrong once it is hot", () => {
    const checks = new Checks(faulty("gemm", 1, 2), REFERENCE_PANEL);
    expect(areRight(checks)).to.equal(true);
    checks.heat();
    expect(areRight(checks)).to.equal(false);
  });
});
