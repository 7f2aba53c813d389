import type { Shape } from "../../network/layers.js";
import type { Preprocessing } from "../../network/preprocessing.js";
import {
  checkAugmentation,
  checkFits,
  type Augmentation,
  type MeasuredAugmentation,
} from "./augmentation.js";
import type { Dataset } from "./dataset.js";
import {
  checkNormalisation,
  frameOf,
  isMeasured,
  preprocessingFrom,
  type Frame,
  type Normalisation,
} from "./normalisation.js";
import { preparedFor, type PreparedDataset } from "./prepared.js";
import { measure, type MeasureOptions } from "./statistics.js";

export interface PrepareOptions extends MeasureOptions {
  /** The network's, [C, H, W]. */
  readonly input: Shape;
  readonly normalisation: Normalisation;
  /** Each of those that training will use. */
  readonly augmentations: readonly Augmentation[];
  /** The network's own preprocessing, where it is published: what the normalisation leaves out is as there. */
  readonly base?: Frame | undefined;
  /** As for PreparedDataset. */
  readonly cacheBytes?: number | undefined;
}

/** What a training needs beside its weights; all but the images goes into its checkpoints. */
export interface PreparedTraining {
  readonly dataset: PreparedDataset;
  /** Goes with the weights too: scoring does with it what evaluation does. */
  readonly preprocessing: Preprocessing;
  readonly augmentations: readonly MeasuredAugmentation[];
}

/**
 * Measures over a training set what a recipe leaves to it: mean image or colour, standard deviations, colour components.
 * Nothing is read where the recipe has all numbers; else every image that is decoded for it stays in memory as long as
 * there is room, for the first epoch.
 * @throws AlexNetError OPTION_INVALID, INPUT_INVALID; DATA_INVALID for a channel without a deviation; as `measure`.
 */
export async function prepareTraining(dataset: Dataset, options: PrepareOptions): Promise<PreparedTraining> {
  const { input, augmentations, base, cacheBytes } = options;
  const normalisation = checkNormalisation(options.normalisation);
  for (const augmentation of augmentations) checkFits(checkAugmentation(augmentation), input);
  const frame = frameOf(normalisation, input, base);
  const prepared = preparedFor(dataset, frame, input, cacheBytes);
  const wantsComponents = augmentations.some(({ colour }) => colour?.components === "measured");
  const statistics =
    isMeasured(normalisation) || wantsComponents ? await measure(prepared, options) : undefined;
  const measured = wantsComponents ? statistics?.components() : undefined;
  return {
    dataset: prepared,
    preprocessing: preprocessingFrom(normalisation, frame, statistics),
    augmentations: augmentations.map(({ colour, ...others }) => {
      if (colour === undefined) return others;
      const components = colour.components === "measured" ? measured : colour.components;
      if (components === undefined) throw new Error("components that are to be measured were not");
      return { ...others, colour: { ...colour, components } };
    }),
  };
}
