/** Scoring as a Node stream: images are written, rows are read. */
import { Duplex } from "node:stream";
import type { ImageSource, Row } from "./rows.js";

type Score = (
  images: AsyncIterable<ImageSource>,
  signal: AbortSignal,
) => AsyncGenerator<Row, void, undefined>;

/**
 * An object-mode stream over a generator of rows. Back-pressure goes both ways: an image is accepted when the
 * generator wants it, and the generator rests while nobody reads. Destroying it waits for the batch in hand.
 */
export class ScoreStream extends Duplex {
  readonly #images = new Handover<ImageSource>();
  readonly #stop = new AbortController();
  readonly #rows: AsyncGenerator<Row, void, undefined>;
  /** Asked for a row since the last one. */
  #wanted = false;
  #reading = false;

  constructor(score: Score) {
    // an image may be a whole file: none waits here beside the one that is handed over
    super({ objectMode: true, writableHighWaterMark: 1 });
    this.#rows = score(this.#images, this.#stop.signal);
  }

  override _write(image: ImageSource, _encoding: string, callback: () => void): void {
    this.#images.offer(image, callback);
  }

  override _final(callback: () => void): void {
    this.#images.end();
    callback();
  }

  override _read(): void {
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
        if (this.push(result.done ? null : result.value)) this.#wanted = result.done !== true;
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
