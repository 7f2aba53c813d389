/** Images of a data set for a batch or a measurement: those in memory at once, the others decoded ahead. */
import { setImmediate as turn } from "node:timers/promises";
import { mapAhead } from "../../async/map-ahead.js";
import { AlexNetError } from "../../errors/base.js";
import { dataErrors } from "../../errors/data.js";
import { DECODERS, type PreparedImage } from "../../images/index.js";
import type { PreparedDataset } from "./prepared.js";

/** An image that could not be read and was passed over. */
export interface BadImage {
  readonly index: number;
  readonly error: AlexNetError;
}

export interface ReadingOptions {
  /** Images that are decoded or wait decoded at any time; twice as many as are decoded at a time where left out. */
  readonly decodeAhead?: number | undefined;
  /**
   * What to do with an image that cannot be read: "stop", with an error that names it, or "skip": training takes the next
   * one of the data set that can be read in its place (by index, after the last the first), measuring and evaluation
   * leave it out. "stop" where left out.
   */
  readonly onBadImage?: "stop" | "skip" | undefined;
  /** Told of each image that is passed over, once for a prepared data set. */
  readonly badImage?: ((bad: BadImage) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws AlexNetError OPTION_INVALID naming the option. */
export function checkReading({ decodeAhead, onBadImage, signal }: ReadingOptions): void {
  if (decodeAhead !== undefined && !(Number.isSafeInteger(decodeAhead) && decodeAhead >= 1))
    throw dataErrors.option("decodeAhead", decodeAhead, "a whole number from 1");
  if (onBadImage !== undefined && !["stop", "skip"].includes(onBadImage))
    throw dataErrors.option("onBadImage", onBadImage, '"stop" or "skip"');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw dataErrors.option("signal", signal, "an AbortSignal");
}

/** Bytes of prepared images that are gone through before the event loop has a turn: one or a few milliseconds. */
const SLICE = 2 ** 20;

/** @param sample the image's index, which is another than was wanted where that one was passed over */
export type UseImage = (position: number, image: PreparedImage, sample: number) => void;

/**
 * Calls `use` once for each of `indices`, in any order, with its position among them.
 * @param replace whether an image that is passed over has another in its place, or none
 * @returns the positions that have none.
 * @throws AlexNetError IMAGE_... for an image that cannot be read, with "stop"; DATA_INVALID where none can; the signal's
 * reason.
 */
export async function readImages(
  dataset: PreparedDataset,
  indices: ArrayLike<number>,
  replace: boolean,
  use: UseImage,
  options: ReadingOptions,
): Promise<number[]> {
  const { decodeAhead = 2 * DECODERS, signal } = options;
  const bytes = dataset.shape.reduce((product, length) => product * length, 1);
  const waiting: number[] = [];
  let slice = 0;
  signal?.throwIfAborted();
  for (let position = 0; position < indices.length; position++) {
    const index = indices[position];
    const image = readyOf(dataset, index);
    if (image) {
      use(position, image, index);
      slice += bytes;
    } else waiting.push(position);
    if (slice < SLICE) continue;
    slice = 0;
    await turn();
    signal?.throwIfAborted();
  }
  const leftOut: number[] = [];
  const take = async (position: number, stop: AbortSignal) => ({
    position,
    found: await firstGood(dataset, indices[position], replace, options, stop),
  });
  const concurrency = Math.min(DECODERS, decodeAhead);
  for await (const { position, found } of mapAhead(waiting, take, {
    ahead: decodeAhead,
    concurrency,
    signal,
  }))
    if (found) use(position, found.image, found.sample);
    else leftOut.push(position);
  return leftOut;
}

function readyOf(dataset: PreparedDataset, index: number): PreparedImage | undefined {
  if (dataset.bad.has(index)) return undefined;
  try {
    return dataset.ready(index);
  } catch (error) {
    // it is met again in its turn
    if (isBad(error)) return undefined;
    throw error;
  }
}

async function firstGood(
  dataset: PreparedDataset,
  index: number,
  replace: boolean,
  { onBadImage = "stop", badImage }: ReadingOptions,
  stop: AbortSignal,
): Promise<{ readonly image: PreparedImage; readonly sample: number } | undefined> {
  for (let further = 0; further < dataset.size; further++) {
    const sample = (index + further) % dataset.size;
    if (!dataset.bad.has(sample))
      try {
        return { image: await dataset.pixels(sample, stop), sample };
      } catch (error) {
        if (!isBad(error)) throw error;
        if (onBadImage === "stop") throw dataErrors.badImage(error.code, error);
        // another decoding of it may have told already
        if (!dataset.bad.has(sample)) badImage?.({ index: sample, error });
        dataset.bad.add(sample);
      }
    if (!replace) return undefined;
  }
  throw dataErrors.noGoodImage(dataset.source, dataset.size);
}

const isBad = (error: unknown): error is AlexNetError =>
  error instanceof AlexNetError && error.code.startsWith("IMAGE_");
