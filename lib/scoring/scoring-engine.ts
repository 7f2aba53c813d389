/** The engine that users get: the network on its workers, and images in front of it. */
import type { Transform } from "node:stream";
import { Engine, type EngineOptions } from "../engine/engine.js";
import { scoringErrors } from "../errors/scoring.js";
import { loadDecoder } from "../images/index.js";
import { settingsOf, type ClassifyOptions, type ScoreOptions, type ScoreSettings } from "./options.js";
import type { ImageSource, Row } from "./rows.js";
import { scoreBatches, type RunBatch } from "./score-batches.js";
import { ScoreStream } from "./score-stream.js";

export type ImageSources = Iterable<ImageSource> | AsyncIterable<ImageSource>;

export class ScoringEngine extends Engine {
  /** See createEngine. */
  static async create(options: EngineOptions): Promise<ScoringEngine> {
    const preparing = this.prepare(options);
    // meanwhile, while another thread measures the kernels; whoever decodes is told what goes wrong
    loadDecoder().catch(() => undefined);
    return new ScoringEngine(await preparing);
  }

  /**
   * The options of scoring with their defaults for this engine, checked without scoring anything.
   * @throws AlexNetError OPTION_INVALID naming the option; INPUT_INVALID where the network does not take images
   * [C, H, W] of the preprocessing's channels and size or does not end in a vector of classes.
   */
  settings(options: ScoreOptions = {}): ScoreSettings {
    return settingsOf(options, this);
  }

  /**
   * One row for each image, in their order; a broken image has a row with its error.
   * @throws as `score`.
   */
  async classify(images: readonly ImageSource[], options: ClassifyOptions = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const batch of this.scoreBatches(images, options)) rows.push(...batch);
    return rows;
  }

  /**
   * Rows in the order of the images, exactly one for each; a broken image has a row with its error. Images are taken
   * from their source as rows are taken from here: at most two batches of them are held, in bytes. What the source
   * throws is thrown after the rows of the images before it.
   * @throws AlexNetError as `settings`, at once; INPUT_INVALID where `images` is not iterable. While it runs:
   * WORKER_FAILED, ENGINE_CLOSED; the signal's reason when aborted, after the rows of the batch in hand.
   */
  score(images: ImageSources, options: ScoreOptions = {}): AsyncGenerator<Row, void, undefined> {
    return single(this.scoreBatches(images, options));
  }

  /** As `score`, with the rows that become known together in one list: for writers that want few writes. */
  scoreBatches(images: ImageSources, options: ScoreOptions = {}): AsyncGenerator<Row[], void, undefined> {
    const settings = this.settings(options);
    checkSources(images);
    const run: RunBatch = (fill, use, options) => this.runBatch(fill, use, options);
    return scoreBatches(images, settings, this.network.input, run, this.trace);
  }

  /**
   * As `score`, as an object-mode stream: write images, read rows. An engine failure or the signal destroys it with
   * that error.
   * @throws AlexNetError as `settings`, at once.
   */
  scoreStream(options: ScoreOptions = {}): Transform {
    // checked now: the stream itself has its own signal
    const { signal } = this.settings(options);
    return new ScoreStream((images, stop) =>
      this.score(images, { ...options, signal: signal ? AbortSignal.any([signal, stop]) : stop }),
    );
  }
}

/**
 * Starts an engine: reads the weights, plans the network for the threads and the largest batch, takes the memory,
 * packs the weights into it and starts the workers.
 * @throws AlexNetError as `loadWeights` and `resolveNetwork`; OPTION_INVALID for weights, threads, maxBatch, kernels,
 * convolutions, fcWeights, trace or an option that there is not; KERNELS_UNAVAILABLE; MEMORY_TOO_LARGE.
 */
export function createEngine(options: EngineOptions): Promise<ScoringEngine> {
  return ScoringEngine.create(options);
}

async function* single(batches: AsyncIterable<Row[]>): AsyncGenerator<Row, void, undefined> {
  for await (const rows of batches) yield* rows;
}

/** Text and bytes are iterable too, but not what is meant. */
function checkSources(images: unknown): void {
  const iterable =
    typeof images === "object" &&
    images !== null &&
    !ArrayBuffer.isView(images) &&
    (Symbol.asyncIterator in images || Symbol.iterator in images);
  if (!iterable) throw scoringErrors.images(images);
}
