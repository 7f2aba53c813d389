/** The batches of training and of evaluation. */
import { dataErrors } from "../../errors/data.js";
import { cropsOf, writeCrop, type PreparedImage } from "../../images/index.js";
import type { Shape } from "../../network/layers.js";
import type { Preprocessing } from "../../network/preprocessing.js";
import { elementsOf } from "../../network/shapes.js";
import { alternate, type Batch, type Buffers } from "./alternate.js";
import {
  checkAugmentation,
  checkFits,
  checkMeasured,
  type Augmentation,
  type MeasuredAugmentation,
} from "./augmentation.js";
import type { Dataset } from "./dataset.js";
import { orderOf } from "./draws.js";
import { preparedFor, type PreparedDataset } from "./prepared.js";
import { checkReading, readImages, type ReadingOptions } from "./read-images.js";
import { ImageWriter } from "./write-image.js";

export interface BatchOptions extends ReadingOptions {
  /** Prepared for this preprocessing and input, it shares its cache with whoever else uses it. */
  readonly dataset: Dataset;
  /** The network's, [C, H, W]. */
  readonly input: Shape;
  /** Inputs of a batch. */
  readonly batch: number;
  readonly preprocessing: Preprocessing;
  /** As for PreparedDataset; without a meaning where `dataset` is one. */
  readonly cacheBytes?: number | undefined;
}

export interface TrainingBatchOptions extends BatchOptions {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** For all epochs, or by epoch. */
  readonly augmentation: Augmentation | ((epoch: number) => Augmentation);
}

export interface EvaluationBatchOptions extends BatchOptions {
  /** Views of each image: 1 is the centre; 10 are the corners, the centre and their mirror images, one after the other. */
  readonly crops: 1 | 10;
}

/** Where training goes on: at batch `batch` of epoch `epoch`, both from 0. */
export interface Position {
  readonly epoch: number;
  readonly batch: number;
}

interface Plan {
  readonly epoch: number;
  readonly index: number;
  /** Indices into the data set. */
  readonly indices: Int32Array;
}

/** Batches of an epoch: the last one has what is left. */
export const batchesOf = (images: number, batch: number): number => Math.ceil(images / batch);

/**
 * The batches of a training from a position on, without end: each epoch goes over all images once, in an order of its
 * own, which belongs to the seed and the epoch; its last batch may be smaller. A batch belongs to the options and its
 * position alone: whoever goes on in the middle gets the same bits.
 *
 * The next batch is made while the consumer has the present one, which stays as it is until the next one is asked for.
 *
 * @param from a batch behind the last of its epoch is the first of the next
 * @throws AlexNetError at once: OPTION_INVALID naming the option, INPUT_INVALID where the network takes other images.
 * While it runs: as `readImages`.
 */
export function trainingBatches(
  options: TrainingBatchOptions,
  from: Position,
): AsyncGenerator<Batch, void, undefined> {
  const { input, batch, preprocessing, seed, augmentation } = options;
  const images = checkedImages(options);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw dataErrors.option("seed", seed, "a whole number from 0 to 2^53 - 1");
  const epochBatches = batchesOf(images.size, batch);
  checkPosition(from, epochBatches);
  const fixed = typeof augmentation === "function" ? undefined : checkedAugmentation(augmentation, input);
  const writer = new ImageWriter(preprocessing, input, seed);
  const elements = elementsOf(input);
  const make = async (
    { epoch, index, indices }: Plan,
    buffers: Buffers,
    stop: AbortSignal,
  ): Promise<Batch> => {
    const varied =
      typeof augmentation === "function" ? checkedAugmentation(augmentation(epoch), input) : fixed;
    if (varied === undefined) throw new Error("an augmentation is fixed or a function");
    const use = (position: number, image: PreparedImage, sample: number) => {
      // the draws are those of the image that was wanted: one that stands in for another is not seen twice alike
      writer.write(image, varied, epoch, indices[position], buffers.images, position * elements);
      buffers.labels[position] = images.label(sample);
      buffers.samples[position] = sample;
    };
    await readImages(images, indices, true, use, { ...options, signal: stop });
    return batchOf(buffers, epoch, index, indices.length, elements);
  };
  const plans = endlessPlans(images.size, batch, seed, from);
  return alternate(plans, make, [buffersOf(batch, elements), buffersOf(batch, elements)], options.signal);
}

/**
 * The batches of an evaluation: all images once, in the order of the data set, prepared as scoring prepares them, to the
 * bit. Each image has `crops` inputs, one after the other, all in one batch, and its label and index with each of them.
 * Images that are passed over (`onBadImage`) are left out. Buffers are used as in `trainingBatches`.
 * @throws AlexNetError as `trainingBatches`.
 */
export function evaluationBatches(options: EvaluationBatchOptions): AsyncGenerator<Batch, void, undefined> {
  const { input, batch, preprocessing, crops } = options;
  const images = checkedImages(options);
  if (!([1, 10] as unknown[]).includes(crops)) throw dataErrors.option("crops", crops, "1 or 10");
  if (batch < crops) throw dataErrors.option("batch", batch, `at least ${crops}, the crops of an image`);
  const elements = elementsOf(input);
  const [, height, width] = input;
  const make = async (
    { epoch, index, indices }: Plan,
    buffers: Buffers,
    stop: AbortSignal,
  ): Promise<Batch> => {
    const use = (position: number, image: PreparedImage, sample: number) => {
      cropsOf(image, crops).forEach((crop, view) => {
        const at = position * crops + view;
        const layout = { offset: at * elements, channel: height * width, row: width, column: 1 };
        writeCrop(image, crop, preprocessing, buffers.images, layout);
        buffers.labels[at] = images.label(sample);
        buffers.samples[at] = sample;
      });
    };
    const leftOut = await readImages(images, indices, false, use, { ...options, signal: stop });
    for (const position of leftOut.sort((a, b) => b - a)) close(buffers, position * crops, crops, elements);
    return batchOf(buffers, epoch, index, (indices.length - leftOut.length) * crops, elements);
  };
  const plans = plansOfAll(images.size, Math.floor(batch / crops));
  return alternate(plans, make, [buffersOf(batch, elements), buffersOf(batch, elements)], options.signal);
}

/** The data set as it is wanted, and the options that both have. */
function checkedImages(options: BatchOptions): PreparedDataset {
  const { dataset, input, batch, preprocessing, cacheBytes } = options;
  checkReading(options);
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw dataErrors.option("batch", batch, "a whole number from 1");
  return preparedFor(dataset, preprocessing, input, cacheBytes);
}

function checkedAugmentation(value: Augmentation, input: Shape): MeasuredAugmentation {
  const augmentation = checkAugmentation(value);
  checkFits(augmentation, input);
  checkMeasured(augmentation);
  return augmentation;
}

function checkPosition({ epoch, batch }: Position, epochBatches: number): void {
  // 32 bits of the draws' counter
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= 2 ** 32)
    throw dataErrors.option("from.epoch", epoch, "a whole number from 0 to 2^32 - 1");
  if (!Number.isInteger(batch) || batch < 0 || batch > epochBatches)
    throw dataErrors.option(
      "from.batch",
      batch,
      `a whole number from 0 to ${epochBatches}, the batches of an epoch`,
    );
}

function* endlessPlans(
  size: number,
  batch: number,
  seed: number,
  from: Position,
): Generator<Plan, undefined> {
  let index = from.batch;
  for (let epoch = from.epoch; ; epoch++) {
    const order = orderOf(size, seed, epoch);
    for (; index < batchesOf(size, batch); index++)
      yield { epoch, index, indices: order.subarray(index * batch, (index + 1) * batch) };
    index = 0;
  }
}

function* plansOfAll(size: number, batch: number): Generator<Plan, undefined> {
  for (let index = 0; index < batchesOf(size, batch); index++) {
    const first = index * batch;
    const count = Math.min(batch, size - first);
    yield { epoch: 0, index, indices: Int32Array.from({ length: count }, (_, at) => first + at) };
  }
  return undefined;
}

const buffersOf = (batch: number, elements: number): Buffers => ({
  images: new Float32Array(batch * elements),
  labels: new Int32Array(batch),
  samples: new Int32Array(batch),
});

const batchOf = (
  { images, labels, samples }: Buffers,
  epoch: number,
  index: number,
  count: number,
  elements: number,
): Batch => ({
  epoch,
  index,
  images: images.subarray(0, count * elements),
  labels: labels.subarray(0, count),
  samples: samples.subarray(0, count),
});

/** Moves what is behind `count` inputs over them. */
function close({ images, labels, samples }: Buffers, at: number, count: number, elements: number): void {
  images.copyWithin(at * elements, (at + count) * elements);
  labels.copyWithin(at, at + count);
  samples.copyWithin(at, at + count);
}
