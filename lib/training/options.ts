/** What a trainer is given, and what it makes of that before anything starts. */
import type { KernelsOption } from "../engine/choose-kernels.js";
import { engineErrors } from "../errors/engine.js";

import type { Network } from "../network/layers.js";
import { definedNetwork } from "../network/define.js";
import { trainableByName, type SmallModelName } from "../network/small.js";
import type { ModelName } from "../network/variants.js";
import { MAX_BATCH } from "../plan/plan.js";
import type { ConvolutionsOption } from "../tuning/tuning.js";
import { loadWeights, type Weights } from "../weights/index.js";
import { withClasses } from "../network/published.js";
import type { Dataset } from "./data/dataset.js";
import { openDataset } from "./data/open.js";
import type { BadImage } from "./data/read-images.js";
import { AlexNetError } from "../errors/base.js";
import { defineRecipe } from "./recipes/define.js";
import { loadRecipe } from "./recipes/load.js";
import type { Recipe } from "./recipes/recipe.js";
import type { EpochRow, StepRow } from "./metrics/rows.js";

/** Images to train on, and images by which training is watched, whose classes are the same. */
export interface TrainingData {
  readonly training: Dataset;
  readonly validation?: Dataset | undefined;
}

export interface TrainerOptions {
  /** A name or a network; its last fully connected layer gets as many outputs as the data has classes. */
  readonly network: Network | ModelName | SmallModelName;
  /** A folder, whose parts "train" and "val" are taken (see `openDataset`), or data sets. */
  readonly data: string | TrainingData;
  /** A built-in recipe's name, a file's path, or a recipe; "paper" where left out. */
  readonly recipe?: Recipe | string | undefined;
  /** In place of the recipe's. */
  readonly epochs?: number | undefined;
  readonly batch?: number | undefined;
  readonly rate?: number | undefined;
  /** Of all that is random: a whole number from 0 to 2^53 - 1; 1 where left out. */
  readonly seed?: number | undefined;
  /** What training starts from, in place of what the recipe draws. */
  readonly weights?: Weights | string | undefined;
  /** A folder for checkpoints, metrics and the best weights; nothing is written where left out. */
  readonly out?: string | undefined;
  /** Whether to go on with the run in `out`. */
  readonly resume?: boolean | undefined;
  /** Steps between rows of the metrics; 50 where left out. */
  readonly rowEvery?: number | undefined;
  /** Seconds between checkpoints inside an epoch; 600 where left out. At an epoch's end there is always one. */
  readonly saveEvery?: number | undefined;
  readonly threads?: number | undefined;
  readonly kernels?: KernelsOption | undefined;
  readonly convolutions?: ConvolutionsOption | undefined;
  readonly tuningFile?: string | false | undefined;
  /** Bytes of decoded images that are kept; see `PreparedDataset`. */
  readonly cacheBytes?: number | undefined;
  readonly decodeAhead?: number | undefined;
  readonly onBadImage?: "stop" | "skip" | undefined;
  /** Ends training behind the step in hand, with a checkpoint; the iteration throws its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onRow?: ((row: StepRow) => void) | undefined;
  readonly onEpoch?: ((row: EpochRow) => void) | undefined;
  readonly onBad?: ((bad: BadImage) => void) | undefined;
}

export const DEFAULT_RECIPE = "paper";
export const DEFAULT_SEED = 1;
export const DEFAULT_ROW_EVERY = 50;
export const DEFAULT_SAVE_EVERY = 600;

const KNOWN: ReadonlySet<string> = new Set<keyof TrainerOptions>([
  ...(["network", "data", "recipe", "epochs", "batch", "rate", "seed", "weights", "out", "resume"] as const),
  ...(["rowEvery", "saveEvery", "threads", "kernels", "convolutions", "tuningFile", "cacheBytes"] as const),
  ...(["decodeAhead", "onBadImage", "signal", "onRow", "onEpoch", "onBad"] as const),
]);

/** @throws AlexNetError OPTION_INVALID for an unknown option or a number that cannot be. */
export function checkTrainerOptions(options: TrainerOptions): void {
  for (const name of Object.keys(options))
    if (!KNOWN.has(name))
      throw engineErrors.option(name, "an unknown option", `one of ${[...KNOWN].join(", ")}`);
  const whole = (name: "epochs" | "batch" | "rowEvery", most: number) => {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most))
      throw engineErrors.option(name, value, `a whole number from 1 to ${most}`);
  };
  whole("epochs", 1e6);
  whole("batch", MAX_BATCH);
  whole("rowEvery", 1e9);
  const { rate, seed, saveEvery, out, resume } = options;
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    throw engineErrors.option("rate", rate, "a number above 0");
  if (saveEvery !== undefined && !(saveEvery > 0))
    throw engineErrors.option("saveEvery", saveEvery, "above 0");
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
    throw engineErrors.option("seed", seed, "a whole number from 0 to 2^53 - 1");
  if (resume && out === undefined)
    throw engineErrors.option("resume", resume, "given with out, the run's folder");
}

/** The recipe with what the options say otherwise. */
export async function recipeOf({
  recipe = DEFAULT_RECIPE,
  epochs,
  batch,
  rate,
}: TrainerOptions): Promise<Recipe> {
  const given = typeof recipe === "string" ? await loadRecipe(recipe) : defineRecipe(recipe);
  return {
    ...given,
    ...(epochs !== undefined && { epochs }),
    ...(batch !== undefined && { batch }),
    ...(rate !== undefined && { rate }),
  };
}

/** @throws AlexNetError DATA_... for a folder that cannot be read; DATA_INVALID where the parts have other classes. */
export async function dataOf({ data }: TrainerOptions): Promise<TrainingData> {
  if (typeof data !== "string") return data;
  const training = await openDataset(data, "train");
  try {
    return { training, validation: await openDataset(data, "val") };
  } catch (error) {
    // a set without validation images is trained without them
    if (error instanceof AlexNetError && error.code === "DATA_NO_SPLIT") return { training };
    throw error;
  }
}

export const networkOf = ({ network }: TrainerOptions, classes: number): Network =>
  withClasses(typeof network === "string" ? trainableByName(network) : definedNetwork(network), classes);

export const startOf = ({ weights }: TrainerOptions): Promise<Weights> | Weights | undefined =>
  typeof weights === "string" ? loadWeights(weights) : weights;
