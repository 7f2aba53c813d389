import { readFileSync } from "node:fs";
import { expect } from "chai";
import { GRADIENT_KERNEL_NAMES, type GradientKernelName } from "../../../../workers/steps.js";
import { compiledSets } from "../registry.js";

const KERNELS = new URL("../../../../../workers/kernels/gradients/", import.meta.url);
const TEST_SOURCES = new URL("../../../../../test/workers/kernels/gradients/", import.meta.url);

/** Which file tests a kernel: whoever adds one is told by the compiler to name its test here. */
const TESTS: Readonly<Record<GradientKernelName, string>> = {
  weights_gradient: "weights-gradient",
  weights_gradient_packed: "weights-gradient",
  bias_gradient: "bias-gradient",
  rectifier_gradient: "rectifier-gradient",
  dropout: "dropout",
  max_pooling_gradient: "max-pooling-gradient",
  average_pooling_gradient: "average-pooling-gradient",
  normalisation_gradient: "normalisation-gradient",
  softmax_loss: "softmax-loss",
  transpose: "transpose",
  flip_filters: "flip-filters",
  winograd_filter: "winograd-filter",
  winograd_gradient_5: "winograd-gradient",
  winograd_gradient_3: "winograd-gradient",
  gemm_gradient: "winograd-gradient",
  winograd_filter_gradient: "winograd-gradient",
  gather_rows: "gather-rows",
  momentum_update: "momentum-update",
};

describe("registry of training's kernels", () => {
  it("has a test of every kernel, with every set", () => {
    for (const [kernel, test] of Object.entries(TESTS)) {
      const source = readFileSync(new URL(`${test}.test.ts`, TEST_SOURCES), "utf8");
      expect(source, `${kernel} in ${test}`).to.match(new RegExp(`["\`]${kernel}["\`]`));
      expect(source, test).to.include("await compiledSets()");
    }
  });

  it("finds every kernel in every module, and nothing else", async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    for (const { name, gradients } of await compiledSets()) {
      const { exports } = new WebAssembly.Instance(gradients, { env: { memory } });
      const functions = Object.keys(exports).filter((each) => typeof exports[each] === "function");
      expect(functions, name).to.have.members(GRADIENT_KERNEL_NAMES);
    }
  });

  for (const source of ["baseline.ts", "wide.ts"])
    it(`${source} exports what is named f32_<operation>_<tile>, of a file of that name`, () => {
      const text = readFileSync(new URL(source, KERNELS), "utf8");
      const exported = [...text.matchAll(/export \{ (\w+) as (\w+) \} from "\.\/(\w+)"/g)];
      expect(exported.map(([, , as]) => as)).to.have.members(GRADIENT_KERNEL_NAMES);
      for (const [, kernel, , file] of exported) {
        expect(kernel).to.equal(file);
        expect(kernel).to.match(/^f32_[a-z_]+(_\d+x\d+)?(_by_\d+)?$/);
      }
    });
});
