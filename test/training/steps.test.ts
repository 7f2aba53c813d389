/** Steps of training against PyTorch in float64: loss, every gradient, ten updates. */
import { expect } from "chai";
import { StepRunner, type UpdateRule } from "../../lib/training/step-runner.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { usableSets } from "../engines.js";
import { readTraining, trainingNames, WHOLE, worstDifference, type TrainingGolden } from "./golden.js";

/** What is asked of every gradient and loss, relative to the largest. */
const BOUND = 1e-4;

async function runnerFor(golden: TrainingGolden, options: Partial<Parameters<typeof StepRunner.create>[0]>) {
  const { network, weights, batch, seed } = golden;
  const runner = await StepRunner.create({ network, weights, batch, seed, tuningFile: false, ...options });
  runner.images.set(golden.input.data);
  runner.labels.set(golden.labels);
  return runner;
}

const mean = (losses: Float32Array): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

function setRules(runner: StepRunner, weights: UpdateRule, biases: UpdateRule): void {
  for (const parameter of runner.plan.layout.parameters.values()) {
    runner.setRule(parameter, "weight", weights);
    runner.setRule(parameter, "bias", biases);
  }
}

function compareTensors(
  runner: StepRunner,
  kind: "gradients" | "weights",
  expected: Parameters<typeof compareOne>[1],
): void {
  for (const tensor of runner.tensors(kind)) {
    const values = new Float32Array(elementsOf(tensor.shape));
    tensor.read(0, values);
    compareOne(tensor.name, expected, values);
  }
}

function compareOne(
  name: string,
  expected: ReadonlyMap<string, Parameters<typeof worstDifference>[1]>,
  values: Float32Array,
): void {
  const sample = expected.get(name);
  if (sample === undefined) throw new Error(`the golden file has no ${name}`);
  expect(worstDifference(values, sample), name).to.be.at.most(BOUND);
}

const sets = await usableSets();

for (const set of sets)
  for (const convolutions of ["direct", "winograd"] as const)
    describe(`steps of training, ${set}, ${convolutions}`, () => {
      for (const name of trainingNames())
        it(`${name}: the loss and every gradient are PyTorch's`, async () => {
          const golden = readTraining(name);
          const runner = await runnerFor(golden, { kernels: set, convolutions, threads: 2 });
          try {
            const { losses } = await runner.train(golden.batch, 0);
            golden.imageLosses.forEach((loss, image) => {
              expect(Math.abs(losses[image] - loss), `image ${image}`).to.be.at.most(BOUND * loss);
            });
            compareTensors(runner, "gradients", golden.gradients);
          } finally {
            await runner.close();
          }
        });
    });

for (const set of sets)
  describe(`ten steps of training, ${set}`, () => {
    for (const name of trainingNames())
      it(`${name}: losses and weights are PyTorch's`, async () => {
        const golden = readTraining(name);
        const { run } = golden;
        if (run === undefined) throw new Error(`${name} has no run`);
        const runner = await runnerFor(golden, { kernels: set, convolutions: "rule", threads: 2 });
        try {
          for (const [step, rate] of run.rule.rates.entries()) {
            const { momentum, decay, biasDecay, biasRate } = run.rule;
            setRules(
              runner,
              { rate, decay, momentum },
              { rate: rate * biasRate, decay: biasDecay, momentum },
            );
            const { losses } = await runner.train(golden.batch, step);
            expect(Math.abs(mean(losses) - run.losses[step]), `step ${step}`).to.be.at.most(
              BOUND * run.losses[step],
            );
          }
          compareTensors(runner, "weights", run.parameters);
        } finally {
          await runner.close();
        }
      });
  });

describe("a step of caffenet", () => {
  for (const convolutions of ["direct", "winograd"] as const)
    it(`${convolutions}: the loss and 200 entries of every gradient are PyTorch's`, async () => {
      const golden = readTraining(WHOLE);
      const runner = await runnerFor(golden, { convolutions, threads: 2 });
      try {
        const { losses } = await runner.train(golden.batch, 0);
        expect(Math.abs(mean(losses) - golden.loss)).to.be.at.most(BOUND * golden.loss);
        compareTensors(runner, "gradients", golden.gradients);
      } finally {
        await runner.close();
      }
    });
});
