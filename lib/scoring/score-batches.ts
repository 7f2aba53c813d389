/** From a source of images to rows, a batch of the engine at a time, while the images of the next one decode. */
import { mapAhead } from "../async/map-ahead.js";
import type { RunOptions } from "../engine/engine.js";
import type { FloatArray } from "../engine/tensors.js";
import { DECODERS, type Crop } from "../images/index.js";
import type { Shape } from "../network/layers.js";
import type { Trace } from "../engine/trace.js";
import { DecodeLanes } from "./decode-lanes.js";
import { nameOf, takeInHand, type ImageInHand } from "./image-in-hand.js";
import type { ScoreSettings } from "./options.js";
import type { ImageSource, Row } from "./rows.js";

/** How an engine runs one batch: see `Engine.runBatch`. */
export type RunBatch = (
  fill: (input: FloatArray) => number,
  use: (output: FloatArray) => void,
  options: RunOptions,
) => Promise<void>;

interface Input {
  readonly image: ImageInHand;
  readonly crop: Crop;
}

/**
 * Rows in the order of the images, in groups that become known together.
 *
 * A batch takes at most `batch` inputs and `batch` images (broken ones make no input), so it ends although one
 * broken image follows another. Prepared images held at any moment: those of the batch that is gathered, and as
 * many more as the next batch needs, ceil(batch / crops). The pixels of a batch are let go before it runs.
 *
 * The signal is looked at by the source of images and by `run`, both of which throw its reason.
 */
export async function* scoreBatches(
  source: Iterable<ImageSource> | AsyncIterable<ImageSource>,
  settings: ScoreSettings,
  inputSize: Shape,
  run: RunBatch,
  trace?: Trace,
): AsyncGenerator<Row[], void, undefined> {
  const { batch, crops, signal } = settings;
  const ahead = Math.ceil(batch / crops);
  const lanes = new DecodeLanes(trace);
  const take = (image: ImageSource, stop: AbortSignal) =>
    lanes.run(nameOf(image), () => takeInHand(image, settings, inputSize, stop));
  const images = mapAhead(source, take, { ahead, concurrency: Math.min(DECODERS, ahead), signal });
  const gathering = new Gathering(images, batch);
  try {
    while (!gathering.finished) {
      const inputs = await gathering.nextInputs();
      if (inputs.length > 0) await runInputs(inputs, settings, run);
      const rows = gathering.takeRows();
      if (rows.length > 0) yield rows;
    }
    if (gathering.failure) throw gathering.failure.error;
  } finally {
    await images.return();
  }
}

/** Images that were taken and have no row yet, in order; the last one may have crops that no batch has taken. */
class Gathering {
  readonly #images: AsyncGenerator<ImageInHand, void, undefined>;
  readonly #batch: number;
  readonly #waiting: ImageInHand[] = [];
  #ended = false;
  /** Why the images ended early; told after the rows of those before. */
  failure: { readonly error: unknown } | undefined;

  constructor(images: AsyncGenerator<ImageInHand, void, undefined>, batch: number) {
    this.#images = images;
    this.#batch = batch;
  }

  get finished(): boolean {
    return this.#ended && this.#waiting.length === 0;
  }

  async nextInputs(): Promise<Input[]> {
    const inputs: Input[] = [];
    let image: ImageInHand | undefined = this.#waiting.at(-1);
    for (let taken = 0; inputs.length < this.#batch;) {
      const crop = image?.takeCrop();
      if (image && crop) {
        inputs.push({ image, crop });
        continue;
      }
      if (this.#ended || taken === this.#batch) break;
      image = await this.#nextImage();
      taken++;
    }
    return inputs;
  }

  /** The rows of the first images, up to one whose outputs are not all there. */
  takeRows(): Row[] {
    const rows: Row[] = [];
    for (const image of this.#waiting) {
      const row = image.row();
      if (row === undefined) break;
      rows.push(row);
    }
    this.#waiting.splice(0, rows.length);
    return rows;
  }

  async #nextImage(): Promise<ImageInHand | undefined> {
    try {
      const result = await this.#images.next();
      if (!result.done) {
        this.#waiting.push(result.value);
        return result.value;
      }
    } catch (error) {
      this.failure = { error };
    }
    this.#ended = true;
    return undefined;
  }
}

async function runInputs(
  inputs: readonly Input[],
  { classes, signal }: ScoreSettings,
  run: RunBatch,
): Promise<void> {
  await run(
    (target) => {
      const [perImage, channel, row, column] = target.stride;
      inputs.forEach(({ image, crop }, index) => {
        image.write(crop, target.data, { offset: target.offset + index * perImage, channel, row, column });
      });
      for (const { image } of inputs) image.release();
      return inputs.length;
    },
    (output) => {
      inputs.forEach(({ image }, index) => {
        image.add(output.data.subarray(index * classes, (index + 1) * classes));
      });
    },
    signal ? { signal } : {},
  );
}
