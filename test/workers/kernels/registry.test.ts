import { readFileSync } from "node:fs";
import { expect } from "chai";
import { COMPILED_SETS, KERNEL_SETS } from "../../../lib/engine/kernel-sets.js";
import { FORWARD_KERNEL_NAMES, type ForwardKernelName } from "../../../workers/steps.js";
import { expectedSets } from "../../engines.js";
import { compiledSets } from "./registry.js";

const KERNELS = new URL("../../../../workers/kernels/", import.meta.url);
const TEST_SOURCES = new URL("../../../../test/workers/kernels/", import.meta.url);

/** Which file tests a kernel: whoever adds one is told by the compiler to name its test here. */
const TESTS: Readonly<Record<ForwardKernelName, string>> = {
  space_to_depth: "space-to-depth",
  conv_tile: "convolution",
  conv_row: "convolution",
  conv_row_bf16: "convolution",
  expand: "expand",
  gemm: "gemm",
  winograd_input: "winograd",
  winograd_output_5: "winograd",
  winograd_output_3: "winograd",
  max_pooling: "max-pooling",
  average_pooling: "average-pooling",
  normalisation: "normalisation",
  activation: "activation",
};
const sourceOf = { wide: "wide.ts", relaxed: "baseline.ts", baseline: "baseline.ts" } as const;

describe("registry of kernels", () => {
  it("has the sets that this Node must compile, for the loops over them", async () => {
    expect((await compiledSets()).map(({ name }) => name)).to.deep.equal(expectedSets());
  });

  it("has a test of every kernel", () => {
    expect(Object.keys(TESTS)).to.have.members(FORWARD_KERNEL_NAMES);
    for (const [kernel, test] of Object.entries(TESTS)) {
      const source = readFileSync(new URL(`${test}.test.ts`, TEST_SOURCES), "utf8");
      // one test for both sizes of Winograd's outputs puts the size behind the name
      expect(source, `${kernel} in ${test}`).to.match(new RegExp(`["\`]${kernel.replace(/_\d$/, "_")}["$]`));
    }
  });

  for (const name of COMPILED_SETS) {
    const { rows, panel, kernels } = KERNEL_SETS[name];

    it(`${kernels.conv_tile} is a tile of ${rows} positions by ${panel} channels, as ${name} says`, () => {
      const [, tileRows, tilePanel] = /^f32_conv_(\d+)x(\d+)$/.exec(kernels.conv_tile) ?? [];
      expect([Number(tileRows), Number(tilePanel)]).to.deep.equal([rows, panel]);
    });

    it(`${kernels.conv_row} and ${kernels.conv_row_bf16} read panels of ${panel} channels, as ${name} says`, () => {
      const [, width, rowPanel] = /^f32_conv_1x(\d+)_by_(\d+)$/.exec(kernels.conv_row) ?? [];
      expect(Number(rowPanel)).to.equal(panel);
      expect(Number(width) % panel).to.equal(0);
      expect(kernels.conv_row_bf16).to.equal(kernels.conv_row.replace("f32_", "f32_bf16_"));
    });

    it(`${kernels.expand} expands panels of ${panel} channels, as ${name} says`, () => {
      expect(kernels.expand).to.equal(`f32_bf16_expand_by_${panel}`);
    });

    it(`the module of ${name} exports the kernels that the registry names`, () => {
      const source = readFileSync(new URL(sourceOf[name], KERNELS), "utf8");
      const exported = [...source.matchAll(/export \{ (\w+) as (\w+) \}/g)];
      expect(Object.fromEntries(exported.map(([, kernel, as]) => [as, kernel]))).to.deep.equal(kernels);
    });
  }

  it("names every kernel of the reference by its function", () => {
    expect(Object.keys(KERNEL_SETS.reference.kernels)).to.have.members(FORWARD_KERNEL_NAMES);
  });
});
