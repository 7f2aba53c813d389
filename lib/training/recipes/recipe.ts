/** A recipe as plain data: everything that says how a network is trained, but for the network and the images. */
import type { Draw } from "../../weights/init-rules.js";
import type { Schedule } from "../schedule.js";

/** How images are varied in training, checked by whoever varies them. */
export type AugmentationData = Readonly<Record<string, unknown>>;
/** What is subtracted from the pixels and divided by, checked by whoever does it. */
export type NormalisationData = Readonly<Record<string, unknown>>;

/** How parameters of one kind are updated: v <- momentum v - decay e w - e g, w <- w + v (the paper, section 5). */
export interface ParameterGroup {
  /** e is so many times the learning rate; 0 freezes. */
  readonly rate: number;
  /** Weight decay. */
  readonly decay: number;
  /** In place of the recipe's own; no plateau, of which there is one for the whole run. */
  readonly schedule?: Schedule;
}

/** What a layer has otherwise than the recipe says for all. */
export interface LayerOverride {
  readonly weights?: Partial<ParameterGroup>;
  readonly biases?: Partial<ParameterGroup>;
}

/** From which distributions training starts, in place of the variant's own. */
export interface Initialisation {
  readonly weights: Draw;
  readonly biases: Draw;
  /** By name; what is missing is as for all layers. */
  readonly layers?: Readonly<Record<string, { readonly weights?: Draw; readonly biases?: Draw }>>;
}

/** From an epoch (from 0) on, images are varied in another way. */
export interface AugmentationChange {
  readonly epoch: number;
  readonly augmentation: AugmentationData;
}

export interface Recipe {
  readonly name: string;
  /** The model that it is for, as `--model` names it: for whoever reads it, and for programs that offer a default. */
  readonly network?: string;
  /** Passes over the training set. */
  readonly epochs: number;
  /** Images whose mean gradient makes a step. */
  readonly batch: number;
  /** From 0 to below 1. */
  readonly momentum: number;
  /** The learning rate that the schedule starts from. */
  readonly rate: number;
  readonly weights: ParameterGroup;
  readonly biases: ParameterGroup;
  /** By name. */
  readonly layers?: Readonly<Record<string, LayerOverride>>;
  readonly schedule: Schedule;
  readonly augmentation: AugmentationData;
  /** Each later than the one before. */
  readonly augmentationChanges?: readonly AugmentationChange[];
  readonly normalisation?: NormalisationData;
  readonly initialisation?: Initialisation;
}

/** How images are varied in an epoch (from 0). */
export function augmentationAt(
  { augmentation, augmentationChanges = [] }: Recipe,
  epoch: number,
): AugmentationData {
  return augmentationChanges.findLast((change) => change.epoch <= epoch)?.augmentation ?? augmentation;
}
