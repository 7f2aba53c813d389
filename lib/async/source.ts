/** One end of an iterable, read one item at a time whoever asks, that can be left while it keeps one waiting. */
const END: IteratorResult<never, undefined> = { done: true, value: undefined };

export class Source<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  /** The end of the queue of those who ask. */
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** The iterator was asked for an item and has not answered. */
  #asked = false;
  #interrupted = false;
  /** Answers whoever waits, in the place of the iterator. */
  #interrupt: (() => void) | undefined;

  constructor(items: Iterable<T> | AsyncIterable<T>) {
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  /** The next item; calls may overlap and are answered in order. After an error the source has ended. */
  next(): Promise<IteratorResult<T, unknown>> {
    const result = this.#last.then(() => this.#pull());
    // the next call is answered whether this one succeeds or not; its error belongs to its caller
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Whoever waits for an item gets the end; so does everyone later. */
  interrupt(): void {
    this.#interrupted = true;
    this.#interrupt?.();
  }

  /**
   * Leaves the source. An iterator that is at rest is told so and waited for, as `for await` does; one that was asked
   * for an item may never answer: it is told and not waited for.
   */
  async close(): Promise<void> {
    this.interrupt();
    await this.#last;
    if (this.#ended) return;
    this.#ended = true;
    const returned = Promise.resolve().then(() => this.#iterator.return?.());
    // nobody is left whom a late error could be told
    if (this.#asked) returned.catch(() => undefined);
    else await returned;
  }

  async #pull(): Promise<IteratorResult<T, unknown>> {
    if (this.#ended || this.#interrupted) return END;
    const interrupted = new Promise<typeof END>((resolve) => {
      this.#interrupt = () => {
        resolve(END);
      };
    });
    return Promise.race([this.#ask(), interrupted]);
  }

  async #ask(): Promise<IteratorResult<T, unknown>> {
    this.#asked = true;
    try {
      const result = await this.#iterator.next();
      if (result.done) this.#ended = true;
      return result;
    } catch (error) {
      this.#ended = true;
      throw error;
    } finally {
      this.#asked = false;
    }
  }
}
