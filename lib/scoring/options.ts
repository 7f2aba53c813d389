/** The options of scoring: their rules and their defaults. */
import { scoringErrors } from "../errors/scoring.js";
import { geometryOf } from "../images/geometry.js";
import type { Network } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { elementsOf, inferShapes } from "../network/shapes.js";
import { checkPreprocessing } from "../weights/metadata.js";

/** Classes in a row where nothing else is asked for. */
export const DEFAULT_TOP_K = 5;

export interface ScoreOptions {
  /** Classes in a row, 1 to the network's classes; 5 where left out, or all where there are fewer. */
  readonly topK?: number | undefined;
  /** Views of each image: 1 is the centre, 10 are the corners, the centre and their mirror images. 1 where left out. */
  readonly crops?: 1 | 10 | undefined;
  /** Network inputs (images x crops) in an engine batch, 1 to the engine's maxBatch, which it is where left out. */
  readonly batch?: number | undefined;
  /** Class names by index, as many as classes; the weights' own where left out. */
  readonly labels?: readonly string[] | undefined;
  /** Whether rows have the values before softmax; with one crop only. */
  readonly logits?: boolean | undefined;
  /** How images become inputs; the weights' own where left out. */
  readonly preprocessing?: Preprocessing | undefined;
  /** Cancels between batches: the rows of the batch in hand still come, then the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** As `ScoreOptions`, which says what each does. */
export type ClassifyOptions = ScoreOptions;

/** Options with their defaults filled in. */
export interface ScoreSettings {
  readonly topK: number;
  readonly crops: 1 | 10;
  readonly batch: number;
  readonly labels: readonly string[] | undefined;
  readonly logits: boolean;
  readonly preprocessing: Preprocessing;
  readonly signal: AbortSignal | undefined;
  /** Of the network's output. */
  readonly classes: number;
}

/** What an engine says about itself. */
export interface EngineFacts {
  readonly network: Network;
  readonly maxBatch: number;
  readonly preprocessing: Preprocessing | undefined;
  readonly labels: readonly string[] | undefined;
}

const KNOWN: readonly (keyof ScoreOptions)[] = [
  "topK",
  "crops",
  "batch",
  "labels",
  "logits",
  "preprocessing",
  "signal",
];

/**
 * Checks options for an engine and fills in what has a default.
 * @throws AlexNetError OPTION_INVALID naming the option; INPUT_INVALID where the network has other input
 * channels than the preprocessing makes, is larger than the preprocessing's images or does not end in a vector of classes.
 */
export function settingsOf(options: ScoreOptions, engine: EngineFacts): ScoreSettings {
  if (!isObject(options))
    throw scoringErrors.option("options", options, `an object with ${KNOWN.join(", ")}`);
  const unknown = Object.keys(options).find((key) => !(KNOWN as readonly string[]).includes(key));
  if (unknown !== undefined) throw scoringErrors.option("options", unknown, `one of ${KNOWN.join(", ")}`);
  const classes = classesOf(engine.network);
  const {
    topK = Math.min(DEFAULT_TOP_K, classes),
    crops = 1,
    batch = engine.maxBatch,
    logits = false,
    signal,
  } = options;
  checkCount("topK", topK, classes, "the network's classes");
  checkCount("batch", batch, engine.maxBatch, "the engine's maxBatch");
  if (!([1, 10] as unknown[]).includes(crops)) throw scoringErrors.option("crops", crops, "1 or 10");
  if (typeof logits !== "boolean") throw scoringErrors.option("logits", logits, "true or false");
  if (logits && crops === 10) throw scoringErrors.logitsOfCrops();
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw scoringErrors.option("signal", signal, "an AbortSignal");
  const { labels = engine.labels, preprocessing: given = engine.preprocessing } = options;
  if (labels !== undefined) checkLabels(labels, classes);
  const preprocessing = checkedPreprocessing(given, engine.network);
  return { topK, crops, batch, labels, logits, preprocessing, signal, classes };
}

/**
 * The number of classes of a network.
 * @throws AlexNetError INPUT_INVALID where it ends in a map.
 */
export function classesOf(network: Network): number {
  const output = inferShapes(network)[network.layers.length - 1].output;
  if (output.length !== 1) throw scoringErrors.notAVector(network.name, output);
  return elementsOf(output);
}

function checkCount(parameter: string, got: unknown, most: number, what: string): void {
  if (!Number.isInteger(got) || (got as number) < 1 || (got as number) > most)
    throw scoringErrors.option(parameter, got, `a whole number from 1 to ${most}, ${what}`);
}

function checkLabels(labels: unknown, classes: number): void {
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string"))
    throw scoringErrors.option("labels", labels, "a list of strings");
  if (labels.length !== classes) throw scoringErrors.labelCount(labels.length, classes);
}

function checkedPreprocessing(value: unknown, network: Network): Preprocessing {
  if (value === undefined) throw scoringErrors.noPreprocessing(network.name);
  const preprocessing = wellFormed(value);
  // a square of the prepared size stands for every image: the rules are about the network's input
  geometryOf(preprocessing.size, preprocessing.size, preprocessing, network.input);
  return preprocessing;
}

function wellFormed(value: unknown): Preprocessing {
  try {
    return checkPreprocessing(value);
  } catch (cause) {
    throw scoringErrors.preprocessing(cause);
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
