import { dataErrors } from "../../errors/data.js";
import {
  geometryOf,
  prepareDecoded,
  toColour,
  toGrey,
  type Image,
  type PreparedImage,
} from "../../images/index.js";
import type { Shape } from "../../network/layers.js";
import { channelsOf, type Framing } from "../../network/preprocessing.js";
import { ImageCache } from "./cache.js";
import type { Dataset } from "./dataset.js";
import { defaultImageBytes } from "./memory.js";

/**
 * A data set whose images are resized as a preprocessing wants them and cut to the centre size x size pixels, in grey
 * or colour: the bytes that scoring makes of the same images. What had to be decoded or resized for that is kept in
 * memory while there is room. Measuring, training and evaluation that share one share what it keeps.
 */
export class PreparedDataset implements Dataset {
  readonly source: string;
  readonly classes: readonly string[];
  readonly size: number;
  /** [C, size, size] */
  readonly shape: readonly [number, number, number];
  readonly inMemory: boolean;
  readonly framing: Framing;
  /** The network's, [C, H, W]. */
  readonly input: Shape;
  /** Images that could not be read, by index: they are told once, and not tried again. */
  readonly bad = new Set<number>();
  readonly #dataset: Dataset;
  readonly #cache: ImageCache;
  /** Where the crop is in images that need no resize. */
  readonly #crop: Omit<PreparedImage, keyof Image>;

  /**
   * @param cacheBytes for images that are kept, 0 for none; `defaultImageBytes` where left out.
   * @throws AlexNetError INPUT_INVALID where the network does not take [C, H, W] or takes more than `size` pixels;
   * OPTION_INVALID for cacheBytes.
   */
  constructor(dataset: Dataset, framing: Framing, input: Shape, cacheBytes = defaultImageBytes()) {
    if (!(cacheBytes >= 0)) throw dataErrors.option("cacheBytes", cacheBytes, "a number of bytes from 0");
    const { channels: order, resize, size, filter, centre } = framing;
    const { centreRow, centreColumn, cropHeight, cropWidth } = geometryOf(size, size, framing, input);
    const channels = channelsOf(framing);
    this.source = dataset.source;
    this.classes = dataset.classes;
    this.size = dataset.size;
    this.shape = [channels, size, size];
    this.inMemory = dataset.inMemory ?? false;
    this.framing = { channels: order, resize, size, filter, centre };
    this.input = input;
    this.#dataset = dataset;
    this.#cache = new ImageCache(dataset.size, channels * size * size, cacheBytes);
    this.#crop = { centreRow, centreColumn, cropHeight, cropWidth };
  }

  /** Images that are kept in memory. */
  get kept(): number {
    return this.#cache.kept;
  }

  label(index: number): number {
    return this.#dataset.label(index);
  }

  pixels(index: number, signal?: AbortSignal): Promise<PreparedImage> | PreparedImage {
    return this.ready(index) ?? this.load(index, signal);
  }

  /**
   * The image at once, where it is in memory; undefined where it has to be decoded.
   * @throws as the data set's `pixels` where that answers at once.
   */
  ready(index: number): PreparedImage | undefined {
    const cached = this.#cache.get(index);
    if (cached) {
      const [channels, height, width] = this.shape;
      const [, cropHeight, cropWidth] = this.input;
      // field by field: this runs for every image of every epoch
      return {
        width,
        height,
        channels: channels as 1 | 3,
        data: cached.data,
        cropHeight,
        cropWidth,
        centreRow: cached.centreRow,
        centreColumn: cached.centreColumn,
      };
    }
    if (!this.inMemory) return undefined;
    const image = this.#dataset.pixels(index);
    if (image instanceof Promise)
      throw new Error(`${this.source}: pixels() must answer without a promise where inMemory is true`);
    return this.#prepare(index, image);
  }

  /** Decodes the image. @throws as the data set's `pixels`. */
  async load(index: number, signal?: AbortSignal): Promise<PreparedImage> {
    return this.#prepare(index, await this.#dataset.pixels(index, signal));
  }

  /** As scoring does with a file of the image, to the byte, but for the resize to the size that it has. */
  #prepare(index: number, image: Image): PreparedImage {
    const { width, height, channels, data } = image;
    const { size } = this.framing;
    const wanted = this.shape[0] as 1 | 3;
    if (data.length !== width * height * channels)
      throw dataErrors.pixels(this.source, index, data.length, [height, width, channels]);
    const resized = width !== size || height !== size;
    const { centreRow, centreColumn, cropHeight, cropWidth } = this.#crop;
    if (!resized && channels === wanted && this.inMemory)
      return { width, height, channels, data, cropHeight, cropWidth, centreRow, centreColumn };
    let prepared: PreparedImage;
    if (resized) {
      const colour = channels === 1 ? toColour(data) : data;
      prepared = prepareDecoded({ width, height, data: colour }, this.framing, this.input);
    } else {
      const same = channels === wanted ? data : wanted === 1 ? toGrey(data) : toColour(data);
      prepared = { width, height, channels: wanted, data: same, ...this.#crop };
    }
    this.#cache.put(index, prepared);
    return prepared;
  }
}

/**
 * The data set prepared so; one that is prepared already stays as it is.
 * @throws AlexNetError OPTION_INVALID where it is prepared in another way; as the constructor of PreparedDataset.
 */
export function preparedFor(
  dataset: Dataset,
  framing: Framing,
  input: Shape,
  cacheBytes: number | undefined,
): PreparedDataset {
  if (!(dataset instanceof PreparedDataset)) return new PreparedDataset(dataset, framing, input, cacheBytes);
  const { channels, resize, size, filter, centre } = dataset.framing;
  const fits =
    framing.channels === channels &&
    framing.resize === resize &&
    framing.size === size &&
    framing.filter === filter &&
    framing.centre === centre &&
    input.join() === dataset.input.join();
  if (!fits) throw dataErrors.preparedOtherwise(dataset.source, dataset.framing, dataset.input);
  return dataset;
}
