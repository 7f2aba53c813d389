/** What a training set's pixels are like: their mean image, mean colour, standard deviation and colour components. */
import { dataErrors } from "../../errors/data.js";
import type { PreparedImage } from "../../images/index.js";
import type { ColourComponents } from "./augmentation.js";
import { eigenOf, type Triple } from "./eigen.js";
import type { PreparedDataset } from "./prepared.js";
import { checkReading, readImages, type ReadingOptions } from "./read-images.js";

export interface MeasureOptions extends ReadingOptions {
  /** Images that are looked at, spread evenly over the data set; all of them where left out or where there are fewer. */
  readonly samples?: number;
}

/**
 * Adds up the pixels of prepared images. Sums are of whole numbers below 2^53, so they are exact and in no order; the same
 * images give the same bits everywhere.
 * @throws AlexNetError OPTION_INVALID for samples; as `readImages`.
 */
export async function measure(dataset: PreparedDataset, options: MeasureOptions = {}): Promise<Statistics> {
  const { samples = dataset.size } = options;
  if (!Number.isSafeInteger(samples) || samples < 1)
    throw dataErrors.option("samples", samples, "a whole number from 1");
  checkReading(options);
  const count = Math.min(samples, dataset.size);
  const indices = Array.from({ length: count }, (_, at) => Math.floor((at * dataset.size) / count));
  const statistics = new Statistics(dataset.source, dataset.shape);
  const add = (_: number, image: PreparedImage) => {
    statistics.add(image);
  };
  await readImages(dataset, indices, false, add, options);
  if (statistics.images === 0) throw dataErrors.noGoodImage(dataset.source, count);
  return statistics;
}

/** Sums over images [size, size, C] of bytes. Colours are red, green and blue, or the one of grey. */
export class Statistics {
  readonly #source: string;
  readonly #channels: number;
  readonly #pixels: number;
  /** [size, size, C] */
  readonly #sums: Float64Array;
  /** [C, C] of products of a pixel's values, the lower triangle 0. */
  readonly #products: Float64Array;
  #images = 0;

  constructor(source: string, [channels, height, width]: readonly [number, number, number]) {
    this.#source = source;
    this.#channels = channels;
    this.#pixels = height * width;
    this.#sums = new Float64Array(channels * height * width);
    this.#products = new Float64Array(channels * channels);
  }

  /** Images that were added. */
  get images(): number {
    return this.#images;
  }

  add({ data }: PreparedImage): void {
    const sums = this.#sums;
    for (let at = 0; at < sums.length; at++) sums[at] += data[at];
    if (this.#channels === 1) this.#addGrey(data);
    else this.#addColour(data);
    this.#images++;
  }

  /** A mean a channel, in pixels 0..255. */
  meanColour(): number[] {
    return this.#channelSums(this.#sums).map((sum) => sum / (this.#images * this.#pixels));
  }

  /** A mean a pixel, 0..255, [C, size, size]. */
  meanImage(): Float64Array {
    const image = new Float64Array(this.#sums.length);
    for (let channel = 0; channel < this.#channels; channel++)
      for (let pixel = 0; pixel < this.#pixels; pixel++)
        image[channel * this.#pixels + pixel] = this.#sums[pixel * this.#channels + channel] / this.#images;
    return image;
  }

  /**
   * The standard deviation of each channel, in pixels 0..255, of all pixels around `about`: the mean colour, or the mean
   * image.
   * @throws AlexNetError DATA_INVALID where it is 0.
   */
  deviations(about: "colour" | "image"): number[] {
    const count = this.#images * this.#pixels;
    const means =
      about === "colour"
        ? this.meanColour().map((mean) => mean * mean)
        : this.#channelSums(this.#sums.map((sum) => (sum / this.#images) ** 2)).map(
            (sum) => sum / this.#pixels,
          );
    return means.map((meanSquared, channel) => {
      const square = this.#products[channel * this.#channels + channel] / count;
      const variance = square - meanSquared;
      // the difference of two numbers that were rounded a few times each
      if (!(variance > square * 2 ** -40)) throw dataErrors.constantChannel(this.#source, channel);
      return Math.sqrt(variance);
    });
  }

  /** The covariance of red, green and blue over all pixels, on the scale 0..1, and its eigenvectors. */
  components(): ColourComponents {
    const means = this.meanColour();
    const count = this.#images * this.#pixels;
    const covariance = (i: number, j: number) =>
      (this.#products[Math.min(i, j) * 3 + Math.max(i, j)] / count - means[i] * means[j]) / 255 ** 2;
    const row = (i: number): Triple => [covariance(i, 0), covariance(i, 1), covariance(i, 2)];
    const { values, vectors } = eigenOf([row(0), row(1), row(2)]);
    // rounding may leave a variance of nothing below 0
    const [first, second, third] = values.map((value) => Math.max(0, value));
    return { eigenvalues: [first, second, third], eigenvectors: vectors };
  }

  #channelSums(values: Float64Array): number[] {
    const sums = Array.from({ length: this.#channels }, () => 0);
    for (let at = 0; at < values.length; at++) sums[at % this.#channels] += values[at];
    return sums;
  }

  #addGrey(data: Uint8Array): void {
    let squares = 0;
    for (const value of data) squares += value * value;
    this.#products[0] += squares;
  }

  #addColour(data: Uint8Array): void {
    let [rr, rg, rb, gg, gb, bb] = [0, 0, 0, 0, 0, 0];
    for (let at = 0; at < data.length; at += 3) {
      const red = data[at];
      const green = data[at + 1];
      const blue = data[at + 2];
      rr += red * red;
      rg += red * green;
      rb += red * blue;
      gg += green * green;
      gb += green * blue;
      bb += blue * blue;
    }
    [rr, rg, rb, 0, gg, gb, 0, 0, bb].forEach((sum, at) => (this.#products[at] += sum));
  }
}
