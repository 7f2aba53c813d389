/** One image between its source and its row. */
import { AlexNetError } from "../errors/base.js";
import { scoringErrors } from "../errors/scoring.js";
import { cropsOf, prepareImage, writeCrop, type Crop, type CropLayout } from "../images/index.js";
import type { PreparedImage } from "../images/index.js";
import type { Shape } from "../network/layers.js";
import type { ScoreSettings } from "./options.js";
import type { ImageSource, Row } from "./rows.js";
import { MeanProbabilities } from "./mean-probabilities.js";
import { topClasses } from "./top-classes.js";

/** Decodes and resizes one image; what is wrong with it becomes its row, and only other errors are thrown. */
export async function takeInHand(
  image: ImageSource,
  settings: ScoreSettings,
  inputSize: Shape,
  signal: AbortSignal,
): Promise<ImageInHand> {
  const { path, bytes } = contentsOf(image);
  try {
    const prepared = await prepareImage(bytes, settings.preprocessing, inputSize, { signal });
    return new ImageInHand(path, settings, prepared);
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    return new ImageInHand(path, settings, error);
  }
}

/** What an image is called where its path is shown. */
export const nameOf = (image: ImageSource): string => contentsOf(image).path ?? "buffer";

function contentsOf(image: ImageSource): { path: string | null; bytes: string | Uint8Array } {
  if (typeof image === "string") return { path: image, bytes: image };
  if (image instanceof Uint8Array) return { path: null, bytes: image };
  // anything may come out of an iterable: what is no image is refused by the decoder, in its row
  const { name, data } = Object(image) as { name?: unknown; data?: unknown };
  const bytes = (data instanceof Uint8Array ? data : image) as Uint8Array;
  return { path: typeof name === "string" ? name : null, bytes };
}

export class ImageInHand {
  readonly #path: string | null;
  readonly #settings: ScoreSettings;
  /** In bytes, until its last crop is written. */
  #prepared: PreparedImage | undefined;
  /** Crops that no batch has taken yet, the next one last. */
  readonly #crops: Crop[];
  /** Outputs that are still to come. */
  #missing: number;
  readonly #probabilities = new MeanProbabilities();
  #logits: readonly number[] | undefined;
  #error: AlexNetError | undefined;

  constructor(path: string | null, settings: ScoreSettings, prepared: PreparedImage | AlexNetError) {
    this.#path = path;
    this.#settings = settings;
    if (prepared instanceof AlexNetError) {
      this.#error = prepared;
      this.#crops = [];
    } else {
      this.#prepared = prepared;
      this.#crops = [...cropsOf(prepared, settings.crops)].reverse();
    }
    this.#missing = this.#crops.length;
  }

  /** The next crop for a batch; undefined when all are taken. */
  takeCrop(): Crop | undefined {
    return this.#crops.pop();
  }

  /** Writes a crop that was taken as the network's input. */
  write(crop: Crop, target: Float32Array, layout: CropLayout): void {
    if (this.#prepared === undefined) throw new Error(`${this.#path ?? "buffer"}: its pixels were let go`);
    writeCrop(this.#prepared, crop, this.#settings.preprocessing, target, layout);
  }

  /** Lets go of the pixels where no crop is left to take. */
  release(): void {
    if (this.#crops.length === 0) this.#prepared = undefined;
  }

  /** Takes the network's output [classes] for one crop. */
  add(logits: Float32Array): void {
    this.#missing--;
    const bad = logits.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) this.#error ??= scoringErrors.notFinite(this.#path ?? "buffer", bad, logits[bad]);
    this.#probabilities.add(logits);
    if (this.#settings.logits) this.#logits = Array.from(logits);
  }

  /** The image's row; undefined while outputs are to come. */
  row(): Row | undefined {
    if (this.#missing > 0) return undefined;
    const { topK, labels } = this.#settings;
    if (this.#error) {
      const { code, message } = this.#error;
      return { path: this.#path, error: { code, message } };
    }
    const top = topClasses(this.#probabilities.mean(), topK, labels);
    return { path: this.#path, top, ...(this.#logits && { logits: this.#logits }) };
  }
}
