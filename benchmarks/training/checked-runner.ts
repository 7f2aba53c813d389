/** Steps of training for the suite, right before they are timed. */
import type { Network } from "../../lib/network/layers.js";
import { classesOf } from "../../lib/scoring/options.js";
import { StepRunner, type UpdateRule } from "../../lib/training/step-runner.js";
import { initWeights } from "../../lib/weights/index.js";
import { seededInput } from "../../test/seeded-weights.js";
import type { BenchOptions } from "../options.js";

const SEED = 1;
/** Pixels from -1 to 1, as those that were divided by their deviation: initial weights keep them in scale. */
const PIXELS = { tensor: 0, scale: 1 };
/** From one image's label to the next one's. */
const LABEL_STEP = 7;

/**
 * Updates that are checked: downhill, without what was before, and so little that the loss falls in a straight line. A
 * tenfold rate does too; a hundredfold one goes past the valley with mnist.
 */
const CHECKED: UpdateRule = { rate: 1e-4, decay: 0, momentum: 0 };
const CHECKED_UPDATES = 3;
/** The paper's, but for the rate: whatever the number of steps, the weights stay where they are and the work the same. */
const TIMED: UpdateRule = { rate: 1e-6, decay: 5e-4, momentum: 0.9 };

export interface CheckedRunner {
  readonly runner: StepRunner;
  /** A step on the whole batch: forward, backward, update. @throws Error where its loss is no number. */
  readonly step: () => Promise<void>;
}

/**
 * Hands `use` the steps of a network on one batch of random images, which lie in the shared memory. The loss of this
 * batch, with the same units dropped, was less after a few updates, as it has to be downhill.
 * @throws Error where it was not.
 */
export async function withCheckedRunner<T>(
  network: Network,
  batch: number,
  { threads, kernels, convolutions }: Pick<BenchOptions, "threads" | "kernels" | "convolutions">,
  use: (checked: CheckedRunner) => Promise<T>,
): Promise<T> {
  const weights = initWeights(network, SEED);
  const common = { network, weights, batch, seed: SEED };
  const runner = await StepRunner.create({ ...common, threads, kernels, convolutions });
  try {
    runner.images.set(seededInput([batch, ...network.input], PIXELS));
    const classes = classesOf(network);
    runner.labels.set(Int32Array.from({ length: batch }, (_, image) => (image * LABEL_STEP) % classes));
    await checkDescent(runner, batch);
    setRule(runner, TIMED);
    let number = 0;
    const step = async () => {
      await lossOf(runner, batch, number++);
    };
    return await use({ runner, step });
  } finally {
    await runner.close();
  }
}

async function checkDescent(runner: StepRunner, batch: number): Promise<void> {
  setRule(runner, CHECKED);
  const losses: number[] = [];
  // dropout draws by the step's number, which stays; the loss of a step is that before its update
  while (losses.length <= CHECKED_UPDATES) losses.push(await lossOf(runner, batch, 0));
  const [first, ...others] = losses;
  const last = others[others.length - 1];
  if (!(last < first))
    throw new Error(
      `${runner.plan.network.name} on kernel set ${runner.kernels.set}: the loss went from ${first} to ${last} in ${CHECKED_UPDATES} updates, and must fall`,
    );
}

function setRule(runner: StepRunner, rule: UpdateRule): void {
  for (const parameter of runner.plan.layout.parameters.values())
    for (const kind of ["weight", "bias"] as const) runner.setRule(parameter, kind, rule);
}

async function lossOf(runner: StepRunner, batch: number, step: number): Promise<number> {
  const { losses } = await runner.train(batch, step);
  const loss = losses.reduce((sum, one) => sum + one, 0) / batch;
  if (!Number.isFinite(loss))
    throw new Error(`${runner.plan.network.name}: the loss is ${loss}, what was timed is no training`);
  return loss;
}
