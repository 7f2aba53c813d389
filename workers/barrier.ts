/**
 * Where the workers of a batch meet. Two words of the shared memory: how many have arrived, and which meeting it is.
 * A poisoned barrier lets nobody wait any more: a worker that is gone can never arrive.
 */
import type { SharedMemory } from "./protocol.js";

const ARRIVED = 0;
const MEETING = 1;
export const BARRIER_BYTES = 8;

/** The meeting's number when it is poisoned; counting starts at 0 and stays below it (see `next`). */
const POISONED = -1;

/** Iterations of looking at the word before sleeping: a few microseconds, less than a sleep and a wake cost. */
const SPIN = 2000;

export class BarrierPoisonedError extends Error {
  override readonly name = "BarrierPoisonedError";
  constructor() {
    super("another worker of this batch failed");
  }
}

export class Barrier {
  readonly #words: Int32Array;
  readonly #threads: number;
  readonly #spin: number;

  /** @param spin whether every thread has a core of its own, so that looking costs nobody else time */
  constructor(memory: SharedMemory, address: number, threads: number, spin: boolean) {
    this.#words = new Int32Array(memory.buffer, address, 2);
    this.#threads = threads;
    this.#spin = spin ? SPIN : 0;
  }

  /** For the main thread, while no worker runs. */
  reset(): void {
    Atomics.store(this.#words, ARRIVED, 0);
    Atomics.store(this.#words, MEETING, 0);
  }

  /** Releases everyone who waits, now and later. */
  poison(): void {
    // The poison is the word that the sleepers compare, so no one can fall asleep on it between store and notify.
    Atomics.store(this.#words, MEETING, POISONED);
    Atomics.notify(this.#words, MEETING);
  }

  /**
   * Returns when all threads are here; what any of them wrote before is then visible to all.
   * @throws BarrierPoisonedError when the barrier is or becomes poisoned.
   */
  wait(): void {
    // Read before arriving: after the last arrival the number may change at once.
    const meeting = Atomics.load(this.#words, MEETING);
    if (meeting === POISONED) throw new BarrierPoisonedError();
    if (Atomics.add(this.#words, ARRIVED, 1) + 1 === this.#threads) {
      // Nobody arrives at the next meeting before the number moves, so the count is reset first.
      Atomics.store(this.#words, ARRIVED, 0);
      // Compare, so that a poison stored meanwhile is not overwritten.
      const found = Atomics.compareExchange(this.#words, MEETING, meeting, next(meeting));
      if (found === POISONED) throw new BarrierPoisonedError();
      Atomics.notify(this.#words, MEETING);
      return;
    }
    for (let look = this.#spin; look > 0; look--) if (Atomics.load(this.#words, MEETING) !== meeting) break;
    // Sleeps only while the word still holds this meeting's number; a wake without reason looks again.
    while (Atomics.load(this.#words, MEETING) === meeting) Atomics.wait(this.#words, MEETING, meeting);
    if (Atomics.load(this.#words, MEETING) === POISONED) throw new BarrierPoisonedError();
  }
}

/** Wraps at 2^30, far from POISONED; two meetings apart by that much never overlap. */
const next = (meeting: number): number => (meeting + 1) & 0x3fffffff;
