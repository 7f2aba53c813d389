/** From a trainer's options to everything that a run consists of. */
import { trainingErrors } from "../errors/training.js";
import type { Shape } from "../network/layers.js";
import { preprocessingOf } from "../weights/resolve.js";
import { initWeights } from "../weights/index.js";
import type { RunIdentity, RunPosition } from "./checkpoint/state.js";
import { checkAugmentation, type Augmentation, type MeasuredAugmentation } from "./data/augmentation.js";
import type { ReadingOptions } from "./data/read-images.js";
import { checkNormalisation } from "./data/normalisation.js";
import { prepareTraining, type PreparedTraining } from "./data/prepare-training.js";
import { PreparedDataset } from "./data/prepared.js";
import {
  checkTrainerOptions,
  dataOf,
  DEFAULT_SEED,
  networkOf,
  recipeOf,
  startOf,
  type TrainerOptions,
  type TrainingData,
} from "./options.js";
import { initialDraws } from "./recipes/parameters.js";
import { augmentationAt, type Recipe } from "./recipes/recipe.js";
import { RunKeeper } from "./run-files.js";
import { openRunFolder } from "./run-folder.js";
import { PLATEAU_START } from "./schedule.js";
import { StepRunner } from "./step-runner.js";

export interface Run {
  readonly recipe: Recipe;
  readonly identity: RunIdentity;
  readonly prepared: PreparedTraining;
  readonly augmentationAt: (epoch: number) => MeasuredAugmentation;
  readonly validation: PreparedDataset | undefined;
  readonly runner: StepRunner;
  readonly keeper: RunKeeper;
  readonly position: RunPosition;
}

const START: RunPosition = {
  ...{ step: 0, epoch: 0, batch: 0, seconds: 0 },
  ...{ plateau: PLATEAU_START, best: null, sums: {} },
};

/** Colours as the network is published with them, or none that are subtracted. */
const NOT_NORMALISED = { mean: "colour", std: "none" };

/** See createTrainer. */
export async function prepareRun(options: TrainerOptions): Promise<Run> {
  checkTrainerOptions(options);
  const { seed = DEFAULT_SEED, out, resume = false } = options;
  const recipe = await recipeOf(options);
  const data = await dataOf(options);
  checkSameClasses(data);
  const network = networkOf(options, data.training.classes.length);
  if (recipe.schedule.kind === "plateau" && data.validation === undefined)
    throw trainingErrors.noValidation(recipe.name, data.training.source);
  if (out !== undefined) await openRunFolder(out, { resume });
  const { prepared, varied } = await prepareData(
    options,
    recipe,
    data,
    network.input,
    preprocessingOf(network),
  );
  const { preprocessing } = prepared;
  const validation =
    data.validation && new PreparedDataset(data.validation, preprocessing, network.input, options.cacheBytes);
  const weights = (await startOf(options)) ?? initWeights(network, seed, initialDraws(recipe, network));
  const { threads, kernels, convolutions, tuningFile } = options;
  const runner = await StepRunner.create({
    ...{ network, weights, seed, batch: recipe.batch },
    ...{ threads, kernels, convolutions, tuningFile },
  });
  try {
    const { classes, size } = data.training;
    const identity: RunIdentity = {
      ...{ seed, recipe, kernels: runner.kernels.set },
      data: { classes, training: size, validation: validation?.size ?? 0 },
    };
    const keeper = new RunKeeper(out, identity, { network, preprocessing, labels: classes }, runner);
    const position = (resume ? await keeper.takeUp() : undefined)?.position ?? START;
    // from here on there is one to go on from, whenever the process ends
    if (!resume) await keeper.save(position);
    return {
      ...{ recipe, identity, prepared, augmentationAt: varied, validation, runner, keeper },
      position,
    };
  } catch (error) {
    await runner.close();
    throw error;
  }
}

/** How images are read, of the options of a trainer. */
export const readingOf = ({ decodeAhead, onBadImage, onBad, signal }: TrainerOptions): ReadingOptions => ({
  ...{ decodeAhead, onBadImage, signal },
  badImage: onBad,
});

async function prepareData(
  options: TrainerOptions,
  recipe: Recipe,
  { training }: TrainingData,
  input: Shape,
  base: Parameters<typeof prepareTraining>[1]["base"],
) {
  const changes = recipe.augmentationChanges ?? [];
  const all: Augmentation[] = [
    checkAugmentation(recipe.augmentation),
    ...changes.map(({ augmentation }, index) =>
      checkAugmentation(augmentation, `augmentationChanges[${index}].augmentation`),
    ),
  ];
  const prepared = await prepareTraining(training, {
    ...readingOf(options),
    ...{ input, augmentations: all, base, cacheBytes: options.cacheBytes },
    normalisation: checkNormalisation(recipe.normalisation ?? NOT_NORMALISED),
  });
  const given = [recipe.augmentation, ...changes.map(({ augmentation }) => augmentation)];
  const varied = (epoch: number): MeasuredAugmentation =>
    prepared.augmentations[given.indexOf(augmentationAt(recipe, epoch))];
  return { prepared, varied };
}

function checkSameClasses({ training, validation }: TrainingData): void {
  if (validation === undefined) return;
  const at = training.classes.findIndex((name, index) => name !== validation.classes[index]);
  if (at >= 0 || training.classes.length !== validation.classes.length)
    throw trainingErrors.classes(training.source, validation.source, training.classes, validation.classes);
}
