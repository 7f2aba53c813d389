/** Every layer kind, every variant, every kernel set against PyTorch in float64. */
import { expect } from "chai";
import ndarray from "ndarray";
import type { KernelSetName } from "../../lib/engine/kernel-sets.js";
import type { PlannedConvolutions } from "../../lib/plan/algorithm.js";
import { lower } from "../../lib/plan/operations.js";
import { toleranceOf } from "../compare.js";
import { expectedSets, usableSets, withEngine } from "../engines.js";
import { expectClose, goldenNames, maxRelativeToLargest, readGolden } from "../golden.js";

const sets = await usableSets();

/** What the package promises of a layer by Winograd, as a share of the largest output (docs/architecture.md). */
const WINOGRAD_LAYER = 5e-5;

/** The cases with a convolution that Winograd can compute. */
const WINOGRAD = [...goldenNames("layers"), ...goldenNames("twins")].filter((name) =>
  lower(readGolden(name).network, "winograd").operations.some((operation) => "winograd" in operation),
);

describe("engine against PyTorch in float64", () => {
  it("runs with every kernel set that this Node must compile", () => {
    expect(sets).to.deep.equal([...expectedSets(), "reference"]);
  });

  for (const set of sets)
    describe(`kernel set ${set}`, () => {
      for (const name of [...goldenNames("layers"), ...goldenNames("twins")])
        it(name, () => runSmall(name, set));
      for (const name of WINOGRAD)
        it(`${name} by Winograd, within ${WINOGRAD_LAYER} of the largest`, () =>
          runSmall(name, set, WINOGRAD_LAYER));
    });

  for (const set of sets.filter((name) => name !== "reference"))
    describe(`kernel set ${set}, full size`, () => {
      for (const name of goldenNames("variants"))
        for (const convolutions of ["direct", "rule"] as const)
          it(`${name}, convolutions ${convolutions}: logits within 1e-5 of the largest`, () =>
            runVariant(name, set, convolutions));
    });
});

/** Directly within what the length of the sums allows; by Winograd within the bound that the package promises. */
async function runSmall(name: string, kernels: KernelSetName, winograd?: number): Promise<void> {
  const golden = readGolden(name);
  const tolerance = winograd ?? (golden.exact ? 0 : toleranceOf(golden.network));
  const convolutions = winograd === undefined ? "direct" : "winograd";
  const { network, weights, batch } = golden;
  await withEngine(
    { network, weights, kernels, threads: 2, maxBatch: batch, convolutions },
    async (engine) => {
      const input = ndarray(golden.input.data, [...golden.input.shape]);
      const output = await engine.forward(input);
      const { shape, data } = golden.output;
      expect(output.shape).to.deep.equal(shape);
      expectClose(output.data, data, { shape, tolerance, what: `${name} on ${kernels}` });
    },
  );
}

async function runVariant(
  name: string,
  kernels: KernelSetName,
  convolutions: PlannedConvolutions,
): Promise<void> {
  const golden = readGolden(name);
  const { network, weights } = golden;
  await withEngine({ network, weights, kernels, threads: 2, maxBatch: 2, convolutions }, async (engine) => {
    const input = ndarray(golden.input.data, [...golden.input.shape]);
    const logits = await engine.forward(input);
    expect(maxRelativeToLargest(logits.data, golden.output.data)).to.be.below(1e-5);
    const values = await engine.activations(
      input,
      golden.samples.map(({ layer }) => layer),
    );
    for (const { layer, indices, values: expected, largest } of golden.samples) {
      const worst = indices.reduce(
        (max, index, at) => Math.max(max, Math.abs(values[layer].data[index] - expected[at])),
        0,
      );
      const allowed = convolutions === "direct" ? 1e-5 : WINOGRAD_LAYER;
      expect(worst / largest, `${layer} of ${name}`).to.be.below(allowed);
    }
  });
}
