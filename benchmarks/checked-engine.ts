/** Engines for the suites, right before they are timed. */
import ndarray from "ndarray";
import type { Engine } from "../lib/engine/engine.js";
import type { FloatArray } from "../lib/engine/tensors.js";
import type { Network } from "../lib/network/layers.js";
import type { OperationGraph } from "../lib/plan/operations.js";
import { maxRelativeToLargest } from "../test/compare.js";
import { withEngine } from "../test/engines.js";
import { seededInput, seededWeights } from "../test/seeded-weights.js";
import type { BenchOptions } from "./options.js";
import type { Section } from "./report/section.js";

/** The bounds that the engine keeps to a float64 reference, as shares of the largest logit. */
const DIRECT_TOLERANCE = 1e-5;
const WINOGRAD_TOLERANCE = 5e-5;

/** Random images [N, C, H, W], the same on every machine. */
export const randomImages = (network: Network, images: number): FloatArray => {
  const shape = [images, ...network.input];
  return ndarray(seededInput(shape), shape);
};

/**
 * Hands `use` an engine with random weights whose logits are those of the plain TypeScript kernels; weights are
 * packed before `use` begins.
 * @throws Error where they are not.
 */
export async function withCheckedEngine<T>(
  network: Network,
  maxBatch: number,
  {
    threads,
    kernels,
    convolutions,
    fcWeights,
  }: Pick<BenchOptions, "threads" | "kernels" | "convolutions" | "fcWeights">,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const weights = seededWeights(network);
  const image = randomImages(network, 1);
  const expected = await withEngine(
    { network, weights, threads, maxBatch: 1, kernels: "reference", convolutions: "direct", fcWeights },
    async (engine) => (await engine.forward(image)).data,
  );
  const options = { network, weights, threads, maxBatch, kernels, convolutions, fcWeights };
  return withEngine(options, async (engine) => {
    const { data } = await engine.forward(randomImages(network, maxBatch));
    const worst = maxRelativeToLargest(data.subarray(0, expected.length), expected);
    const tolerance = convolutions === "direct" ? DIRECT_TOLERANCE : WINOGRAD_TOLERANCE;
    if (!(worst <= tolerance))
      throw new Error(
        `${network.name} on kernel set ${engine.kernels.set}: logits are ${worst} of the largest away from the reference, more than ${tolerance}`,
      );
    return use(engine);
  });
}

/** What a section says of the engine that it is about. */
export const engineFields = ({ kernels, plan }: Engine): Pick<Section, "kernels" | "convolutions"> => ({
  kernels: kernels.set,
  convolutions: convolutionsOf(plan.graph),
});

/** What computes each convolution of a plan. */
export const convolutionsOf = ({
  operations,
}: Pick<OperationGraph, "operations">): NonNullable<Section["convolutions"]> =>
  Object.fromEntries(
    operations.flatMap((operation) =>
      operation.kind === "convolution" ? [[operation.layer.name, operation.choice.algorithm] as const] : [],
    ),
  );

/** Milliseconds of `runs` runs of `Engine.forward`, behind one that is not timed. */
export async function timeForward(engine: Engine, images: number, runs: number): Promise<number[]> {
  const input = randomImages(engine.network, images);
  await engine.forward(input);
  const milliseconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await engine.forward(input);
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}
