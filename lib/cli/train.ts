/** `alexnet train`: a network from labelled images. */
import { Option, type Command } from "commander";
import { SMALL_MODEL_NAMES } from "../network/small.js";
import { defineNetwork } from "../network/define.js";
import type { Network } from "../network/layers.js";
import { MODEL_NAMES } from "../network/variants.js";
import { MAX_BATCH } from "../plan/plan.js";
import { RECIPE_NAMES } from "../training/recipes/built-in.js";
import { runFiles } from "../training/run-folder.js";
import { createTrainer, type Trainer } from "../training/trainer.js";
import type { ConvolutionsOption } from "../tuning/tuning.js";
import { cliErrors } from "../errors/cli.js";
import { interruptible } from "./interrupt.js";
import { addEngineOptions, numberOption, threadsOption, type KernelsChoice } from "./options.js";
import { epochLine, trainingProgress, type TrainingProgress } from "./training-progress.js";
import { readFile } from "node:fs/promises";

interface TrainFlags {
  readonly model: string;
  readonly recipe?: string;
  readonly weights?: string;
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly skipBad?: true;
  readonly kernels: KernelsChoice;
  readonly convolutions: ConvolutionsOption;
  readonly tuningFile?: string | false;
}

const MODELS = [...MODEL_NAMES, ...SMALL_MODEL_NAMES];

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .summary("train a network on labelled images")
    .description("Trains a network, and keeps checkpoints, metrics and the best weights in a folder.")
    .argument("<data>", "folder of labelled images, see below")
    .addOption(
      new Option("--model <name>", `network: ${MODELS.join(", ")}, or a JSON file`).makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--recipe <name>",
        `how it is trained: ${RECIPE_NAMES.join(", ")}, or a JSON file (default: the model's, else paper)`,
      ),
    )
    .addOption(new Option("--weights <file>", "weights to start from (default: drawn as the recipe says)"))
    .addOption(numberOption("--epochs <n>", "passes over the images (default: the recipe's)", 1, 1_000_000))
    .addOption(numberOption("--batch <n>", "images of a step (default: the recipe's)", 1, MAX_BATCH))
    .addOption(rateOption())
    .addOption(numberOption("--seed <n>", "of all that is random (default: 1)", 0, Number.MAX_SAFE_INTEGER))
    .addOption(threadsOption())
    .addOption(new Option("--out <dir>", "folder of the run (default: nothing is kept)"))
    .addOption(new Option("--resume <dir>", "go on with the run in this folder"))
    .addOption(new Option("--skip-bad", "go on without images that cannot be read"));
  addEngineOptions(command)
    .addHelpText(
      "after",
      `
<data> is a folder with a folder of pictures for each class, in it or in its folders train and val; MNIST's IDX files; or
CIFAR-10's binary batches. The run's folder has checkpoint.safetensors, best.safetensors (for score and eval) and
metrics.ndjson. Ctrl-C ends a run behind the step in hand, with a checkpoint; with --resume repeat the other options.

Examples:
  $ alexnet train cifar10 --model cifar10 --out run
  $ alexnet train cifar10 --model cifar10 --resume run
  $ alexnet train photos --model caffenet --recipe caffe --batch 128 --lr 0.005 --out run`,
    )
    .action(train);
}

function rateOption(): Option {
  return new Option(
    "--lr <x>",
    "learning rate that the schedule starts from (default: the recipe's)",
  ).argParser((text: string) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value > 0 && value < Infinity)) throw cliErrors.option("--lr", text, "a number above 0");
    return value;
  });
}

async function train(data: string, flags: TrainFlags): Promise<void> {
  if (flags.out !== undefined && flags.resume !== undefined)
    throw cliErrors.conflict("--out", "--resume", "the run goes on in its folder");
  const folder = flags.resume ?? flags.out;
  await interruptible("finishing the step in hand, then a checkpoint", async (signal) => {
    const progress = trainingProgress();
    const trainer = await createTrainer({
      network: await networkFor(flags.model),
      data,
      recipe: flags.recipe ?? defaultRecipe(flags.model),
      ...{ epochs: flags.epochs, batch: flags.batch, rate: flags.lr, seed: flags.seed },
      ...{ weights: flags.weights, threads: flags.threads, out: folder, resume: flags.resume !== undefined },
      ...{ kernels: flags.kernels, convolutions: flags.convolutions, tuningFile: flags.tuningFile, signal },
      onBadImage: flags.skipBad ? "skip" : "stop",
      onBad: ({ error }) => {
        progress.say(`passed over: ${error.message}`);
      },
      onEpoch: (row) => {
        progress.say(epochLine(row, trainer.recipe.epochs));
      },
    });
    try {
      progress.say(headline(trainer));
      await follow(trainer, progress);
    } finally {
      progress.stop();
      await trainer.close();
    }
    if (folder !== undefined) process.stdout.write(`${runFiles(folder).best}\n`);
  });
}

/** What is about to happen, and what it takes. */
function headline({ network, recipe, threads, memoryBytes, kernels, batches, position }: Trainer): string {
  const megabytes = Math.round(memoryBytes / 1e6);
  const from = position.step > 0 ? `, from step ${position.step}` : "";
  return (
    `${network.name}, recipe ${recipe.name}: ${recipe.epochs} epochs of ${batches} steps${from}; ` +
    `${threads} threads, kernels ${kernels.set}, ${megabytes} MB`
  );
}

/** Weight of a step in the means that are shown. */
const FADE = 0.02;

async function follow(trainer: Trainer, progress: TrainingProgress): Promise<void> {
  const { epochs } = trainer.recipe;
  let shown: { loss: number; accuracy: number; pace: number } | undefined;
  for await (const { epoch, batch, batches, loss, top1, imagesPerSecond, images } of trainer) {
    const now = { loss: loss ?? NaN, accuracy: top1 ?? NaN, pace: imagesPerSecond };
    const before: typeof now = shown ?? now;
    const fade = (was: number, is: number) => was + FADE * (is - was);
    shown = {
      loss: fade(before.loss, now.loss),
      accuracy: fade(before.accuracy, now.accuracy),
      pace: fade(before.pace, now.pace),
    };
    const left = (epochs - epoch) * batches - batch - 1;
    progress.step({
      ...{ epoch: epoch + 1, epochs, step: batch + 1, steps: batches },
      ...{ loss: shown.loss, accuracy: shown.accuracy, imagesPerSecond: shown.pace },
      secondsLeft: (left * images) / shown.pace,
    });
  }
}

async function networkFor(model: string): Promise<Parameters<typeof createTrainer>[0]["network"]> {
  const known = MODELS.find((name) => name === model);
  if (known !== undefined) return known;
  let text: string;
  try {
    text = await readFile(model, "utf8");
  } catch (cause) {
    throw cliErrors.modelUnreadable(model, MODELS, cause);
  }
  return networkFrom(model, text);
}

function networkFrom(path: string, text: string): Network {
  let description: unknown;
  try {
    description = JSON.parse(text);
  } catch (cause) {
    throw cliErrors.modelUnreadable(path, MODELS, cause);
  }
  return defineNetwork(description);
}

const defaultRecipe = (model: string): string | undefined => SMALL_MODEL_NAMES.find((name) => name === model);
