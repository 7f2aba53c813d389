/** Scoring as a Node stream: images are written, rows are read. */
import { Transform, type TransformCallback } from "node:stream";
import type { ImageSource, Row } from "./rows.js";

type Score = (
  images: AsyncIterable<ImageSource>,
  signal: AbortSignal,
) => AsyncGenerator<Row, void, undefined>;

/**
 * An object-mode stream over a generator of rows. Back-pressure goes both ways: an image is accepted when the
 * generator wants it, and the generator rests while nobody reads. Destroying it waits for the batch in hand.
 */
export class ScoreStream extends Transform {
  readonly #images = new Handover<ImageSource>();
  readonly #stop = new AbortController();
  readonly #rows: AsyncGenerator<Row, void, undefined>;
  /** Asked for a row since the last one. */
  #wanted = false;
  #reading = false;
  /** Ends the rows: there from when no more images come. */
  #end: TransformCallback | undefined;
  #done = false;

  constructor(score: Score) {
    // an image may be a whole file: none waits here beside the one that is handed over
    super({ objectMode: true, writableHighWaterMark: 1 });
    this.#rows = score(this.#images, this.#stop.signal);
  }

  /** An image is done with when it is taken: rows come when they come, in batches. */
  override _transform(image: ImageSource, _encoding: string, callback: TransformCallback): void {
    this.#images.offer(image, callback);
  }

  override _flush(callback: TransformCallback): void {
    this.#end = callback;
    this.#images.end();
    if (this.#done) callback();
  }

  override _read(size: number): void {
    super._read(size);
    this.#wanted = true;
    if (!this.#reading) void this.#pushRows();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stop.abort(error ?? undefined);
    this.#images.end();
    const done = () => {
      callback(error);
    };
    // what it was doing ended with the signal's reason, which is this error
    this.#rows.return().then(done, done);
  }

  async #pushRows(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#wanted) {
        const result = await this.#rows.next();
        // before the push, within which the next one may be asked for
        this.#wanted = false;
        if (result.done) {
          this.#done = true;
          this.#end?.();
        } else if (this.push(result.value)) this.#wanted = true;
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#reading = false;
    }
  }
}

/** Hands one item after another from a writer to a reader, keeping none. */
class Handover<T> implements AsyncIterable<T> {
  #offered: { readonly item: T; readonly taken: () => void } | undefined;
  #wanted: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #ended = false;

  /** `taken` is called when the reader takes the item; until then no other may be offered. */
  offer(item: T, taken: () => void): void {
    this.#offered = { item, taken };
    this.#match();
  }

  end(): void {
    this.#ended = true;
    this.#match();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () =>
        new Promise((resolve) => {
          this.#wanted = resolve;
          this.#match();
        }),
    };
  }

  #match(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || (this.#offered === undefined && !this.#ended)) return;
    this.#wanted = undefined;
    if (this.#offered === undefined) {
      wanted({ done: true, value: undefined });
      return;
    }
    const { item, taken } = this.#offered;
    this.#offered = undefined;
    wanted({ done: false, value: item });
    taken();
  }
}
