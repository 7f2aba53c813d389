/** Batches one after the other, the next of which is made while the present one is used. */
import { setImmediate as turn } from "node:timers/promises";

/** One batch of images as a network takes them, with their classes. */
export interface Batch {
  /** Of the training, from 0; 0 in evaluation. */
  readonly epoch: number;
  /** Of the batch in its epoch, from 0. */
  readonly index: number;
  /** [n, C, H, W] */
  readonly images: Float32Array;
  /** [n], the class of each image. */
  readonly labels: Int32Array;
  /** [n], the index in the data set of each image. */
  readonly samples: Int32Array;
}

/** Where a batch is made. */
export interface Buffers {
  /** [most, C, H, W] */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly samples: Int32Array;
}

/**
 * The batches that `make` makes of `plans`, in two buffers in turn. When a batch is handed out, the next one is begun, in
 * the other buffer, after the consumer has had the event loop once, so that it can set its workers to work first. So a
 * batch stays as it is until the next one is asked for, and no longer.
 *
 * What `make` throws is thrown in the batch's place. When the consumer leaves or the signal is aborted, the signal of
 * `make` is aborted, and what was begun has ended on return.
 */
export async function* alternate<Plan>(
  plans: Iterator<Plan, undefined>,
  make: (plan: Plan, buffers: Buffers, stop: AbortSignal) => Promise<Batch>,
  buffers: readonly [Buffers, Buffers],
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch, void, undefined> {
  const leaving = new AbortController();
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  let made = 0;
  const begin = async (): Promise<Batch | undefined> => {
    if (made > 0) await turn();
    stop.throwIfAborted();
    const plan = plans.next();
    return plan.done ? undefined : make(plan.value, buffers[made++ % 2], stop);
  };
  let next = begin();
  try {
    for (;;) {
      const batch = await next;
      stop.throwIfAborted();
      if (batch === undefined) return;
      next = begin();
      // told when it is asked for, not before
      next.catch(() => undefined);
      yield batch;
    }
  } finally {
    leaving.abort();
    await next.catch(() => undefined);
  }
}
