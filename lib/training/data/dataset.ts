import type { Image } from "../../images/index.js";

/** Parts of a data set: what is trained on, what training is watched by, and what is looked at once at its end. */
export const SPLITS = ["train", "val", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** Labelled images, decoded on demand. */
export interface Dataset {
  /** Where they come from, for messages. */
  readonly source: string;
  /** Names; a label is an index into them. */
  readonly classes: readonly string[];
  /** Images. */
  readonly size: number;
  /** [C, H, W] where all images have one size, in pixels; left out where they differ or nobody knows yet. */
  readonly shape?: readonly [number, number, number];
  /** Whether `pixels` answers at once, without a promise. */
  readonly inMemory?: boolean;
  /** The class of image `index`, 0 to `size` - 1. */
  label(index: number): number;
  /**
   * Image `index` as bytes [H, W, C]; C is 1 or 3. Its memory may be the data set's own: it is read, not written.
   * @throws AlexNetError IMAGE_... for an image that cannot be read, which a training may pass over (`onBadImage`).
   */
  pixels(index: number, signal?: AbortSignal): Promise<Image> | Image;
}

/** Images of one size side by side in memory. */
export class MemoryDataset implements Dataset {
  readonly source: string;
  readonly classes: readonly string[];
  readonly size: number;
  readonly shape: readonly [number, number, number];
  readonly inMemory = true;
  readonly #labels: Uint8Array;
  readonly #pixels: Uint8Array;

  /** @param pixels [size, H, W, C] */
  constructor(
    source: string,
    classes: readonly string[],
    shape: readonly [number, number, number],
    labels: Uint8Array,
    pixels: Uint8Array,
  ) {
    this.source = source;
    this.classes = classes;
    this.shape = shape;
    this.size = labels.length;
    this.#labels = labels;
    this.#pixels = pixels;
  }

  label(index: number): number {
    return this.#labels[index];
  }

  pixels(index: number): Image {
    const [channels, height, width] = this.shape;
    const bytes = channels * height * width;
    const data = this.#pixels.subarray(index * bytes, (index + 1) * bytes);
    return { width, height, channels: channels as 1 | 3, data };
  }
}
