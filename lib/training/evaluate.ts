/** How right a network is over a data set: top-1, top-5, and which class is taken for which. */
import ndarray from "ndarray";
import { trainingErrors } from "../errors/training.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { MeanProbabilities } from "../scoring/mean-probabilities.js";
import type { ScoringEngine } from "../scoring/scoring-engine.js";
import { evaluationBatches, type EvaluationBatchOptions } from "./data/batches.js";
import type { Dataset } from "./data/dataset.js";
import type { ReadingOptions } from "./data/read-images.js";

export interface EvaluateOptions extends ReadingOptions {
  /** Views of an image, whose probabilities are averaged: the centre, or the paper's ten (section 4.1). */
  readonly crops?: 1 | 10 | undefined;
  readonly preprocessing: Preprocessing;
  readonly cacheBytes?: number | undefined;
  /** Told how many images are done. */
  readonly onImages?: ((done: number) => void) | undefined;
  /** Told what each image is taken for, in the order of the data set. */
  readonly onPrediction?: ((prediction: Prediction) => void) | undefined;
}

/** What an image is taken for. */
export interface Prediction {
  /** Of the image in the data set. */
  readonly index: number;
  /** Its class. */
  readonly label: number;
  /** The most probable class; of equal ones the lower index. */
  readonly prediction: number;
  /** Of that class, 0 to 1; with ten crops the mean of theirs. */
  readonly probability: number;
}

export interface Evaluation {
  readonly classes: readonly string[];
  readonly images: number;
  /** Mean cross-entropy of the (averaged) probabilities, in nats. */
  readonly loss: number;
  /** Shares of the images, 0 to 1; top5 is null with fewer than six classes. */
  readonly top1: number;
  readonly top5: number | null;
  /** matrix[label][prediction]: images of class `label` whose most probable class is `prediction`. */
  readonly matrix: readonly (readonly number[])[];
}

/**
 * @throws AlexNetError INPUT_INVALID where the network has another number of classes than the data, and what
 * `evaluationBatches` and `ScoringEngine.forward` throw.
 */
export async function evaluate(
  engine: ScoringEngine,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { crops = 1, onImages, onPrediction, ...reading } = options;
  const { classes } = dataset;
  const { input, layers } = engine.network;
  const outputs = layers.findLast((layer) => layer.type === "fully-connected")?.outFeatures;
  if (outputs !== classes.length)
    throw trainingErrors.otherClasses(engine.network.name, outputs, dataset.source, classes.length);
  const batch = Math.max(crops, engine.maxBatch - (engine.maxBatch % crops));
  const settings: EvaluationBatchOptions = { ...reading, dataset, input, batch, crops };
  const matrix = classes.map(() => classes.map(() => 0));
  let [images, loss, top1, top5] = [0, 0, 0, 0];
  for await (const { images: data, labels, samples } of evaluationBatches(settings)) {
    const logits = await engine.forward(ndarray(data, [labels.length, ...input]));
    for (let at = 0; at < labels.length; at += crops) {
      const label = labels[at];
      const probabilities = new MeanProbabilities();
      for (let view = at; view < at + crops; view++)
        probabilities.add(logits.data.subarray(view * classes.length, (view + 1) * classes.length));
      const mean = probabilities.mean();
      const rank = mean.reduce((count, value) => count + (value > mean[label] ? 1 : 0), 0);
      const probability = Math.max(...mean);
      const prediction = mean.indexOf(probability);
      matrix[label][prediction]++;
      onPrediction?.({ index: samples[at], label, prediction, probability });
      // the smallest float32 in place of 0, whose logarithm is infinite
      loss -= Math.log(Math.max(mean[label], 2 ** -149));
      images++;
      if (rank < 1) top1++;
      if (rank < 5) top5++;
    }
    onImages?.(images);
  }
  return {
    ...{ classes, images, matrix },
    loss: loss / images,
    top1: top1 / images,
    top5: classes.length > 5 ? top5 / images : null,
  };
}
