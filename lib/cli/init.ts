/** `alexnet init`: initial weights, drawn as the network's authors did. */
import type { Command } from "commander";
import { Option } from "commander";
import { networkByName, type ModelName } from "../network/variants.js";
import { describeWeights, initWeights, saveWeights } from "../weights/index.js";
import { interruptible, stoppable } from "./interrupt.js";
import { modelOption, numberOption } from "./options.js";
import { count } from "./table.js";

interface InitOptions {
  readonly model: ModelName;
  readonly seed: number;
  readonly out: string;
}

export function addInit(program: Command): void {
  program
    .command("init")
    .summary("write initial weights")
    .description(
      "Writes the initial weights of a network as safetensors. A seed gives the same bytes on every machine.",
    )
    .addOption(modelOption("network").makeOptionMandatory())
    .addOption(
      numberOption("--seed <n>", "seed of the draws", 0, Number.MAX_SAFE_INTEGER).makeOptionMandatory(),
    )
    .addOption(new Option("--out <file>", "file to write, or to overwrite").makeOptionMandatory())
    .addHelpText(
      "after",
      `
Untrained weights: they are for training and for trying things out; the classes that they give mean nothing.

Examples:
  $ alexnet init --model caffenet --seed 1 --out caffenet.safetensors`,
    )
    .action(init);
}

async function init({ model, seed, out }: InitOptions): Promise<void> {
  const weights = initWeights(networkByName(model), seed);
  await interruptible("taking the unfinished file away", (signal) =>
    saveWeights(out, stoppable(weights, signal)),
  );
  process.stderr.write(
    `${out}: ${model}, seed ${seed}, ${count(describeWeights(weights).parameters)} parameters\n`,
  );
}
