/** Work on the items of an iterable, in order for the consumer and ahead of it, within a bound. */
import { Source } from "./source.js";

export interface AheadOptions {
  /** Items that are taken from the source before the consumer asks for them. */
  readonly ahead: number;
  /** Items that are worked on at the same time. */
  readonly concurrency: number;
  /** Ends everything with its reason, even where the source keeps one waiting. */
  readonly signal: AbortSignal | undefined;
}

type Slot<T> = { readonly value: T } | { readonly error: unknown } | "end";

/**
 * The results of `work`, in the order of the items. At most `ahead` items are in work or wait with their result
 * while the consumer has another in hand. An error of the source or of `work` is thrown in its place in the order.
 * When the consumer leaves early, the signal of `work` is aborted, and what was begun has ended on return.
 */
export async function* mapAhead<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  work: (item: In, signal: AbortSignal) => Promise<Out>,
  { ahead, concurrency, signal }: AheadOptions,
): AsyncGenerator<Out, void, undefined> {
  signal?.throwIfAborted();
  const source = new Source(items);
  const stop = new AbortController();
  const limited = limit(concurrency);
  const slots: Promise<Slot<Out>>[] = [];

  const begin = async (): Promise<Slot<Out>> => {
    // errors are values until their turn comes: a rejected promise that waits would count as unhandled
    try {
      const item = await source.next();
      if (item.done) return "end";
      const value = await limited(() => {
        stop.signal.throwIfAborted();
        return work(item.value, stop.signal);
      });
      return { value };
    } catch (error) {
      return { error };
    }
  };
  const refill = () => {
    while (slots.length < ahead) slots.push(begin());
  };
  const cancel = () => {
    stop.abort();
    source.interrupt();
  };
  signal?.addEventListener("abort", cancel);
  try {
    refill();
    for (;;) {
      const slot = await slots[0];
      signal?.throwIfAborted();
      void slots.shift();
      if (slot === "end") return;
      if ("error" in slot) throw slot.error;
      refill();
      yield slot.value;
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
    await Promise.all(slots);
    await source.close();
  }
}

/** Runs jobs as they come, at most `most` at a time; the others wait in order. */
function limit(most: number): <T>(job: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await job();
    } finally {
      // whoever waits takes over the place
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
