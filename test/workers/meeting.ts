/** Threads that meet at a barrier in rounds, for barrier.test.ts. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Barrier } from "../../workers/barrier.js";
import { ENDED, ROUND, type MeetSetup } from "./fixtures/meet.js";

const ADDRESS = 64;
/** Longer than any round takes; a barrier that keeps someone fails the test by this. */
const DEADLINE = 20_000;

export interface Report {
  readonly passed: number;
  readonly ending: number;
}

export class Meeting {
  readonly barrier: Barrier;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #arrived: Int32Array;
  readonly #reports: Int32Array;
  readonly #workers: readonly Worker[];
  #round = 0;

  /** @param expected how many the barrier waits for, where that is not the number of threads */
  constructor(
    readonly threads: number,
    spin: boolean,
    expected = threads,
  ) {
    this.barrier = new Barrier(this.#memory, ADDRESS, expected, spin);
    this.barrier.reset();
    this.#arrived = new Int32Array(new SharedArrayBuffer(4 * threads));
    this.#reports = new Int32Array(new SharedArrayBuffer(8 * threads));
    this.#workers = Array.from({ length: threads }, (_, worker) => {
      const workerData: MeetSetup = {
        memory: this.#memory,
        barrier: ADDRESS,
        threads: expected,
        spin,
        worker,
        control: this.#control,
        arrived: this.#arrived,
        reports: this.#reports,
      };
      return new Worker(new URL("./fixtures/meet.js", import.meta.url), { workerData });
    });
  }

  /** Lets the workers meet; the barrier is as it was left. */
  start(): void {
    this.#arrived.fill(0);
    Atomics.store(this.#control, ENDED, 0);
    this.#round++;
    Atomics.store(this.#control, ROUND, this.#round);
    Atomics.notify(this.#control, ROUND);
  }

  /** Until every worker has ended the round. Does not block the thread, which still has to start the workers. */
  async ended(): Promise<Report[]> {
    const until = performance.now() + DEADLINE;
    while (Atomics.load(this.#control, ENDED) < this.threads) {
      if (performance.now() > until)
        throw new Error(`${Atomics.load(this.#control, ENDED)} of ${this.threads} threads left the barrier`);
      await sleep(1);
    }
    return Array.from({ length: this.threads }, (_, worker) => ({
      passed: this.#reports[2 * worker],
      ending: this.#reports[2 * worker + 1],
    }));
  }

  /** The furthest meeting that a worker has come to. */
  get furthest(): number {
    return Math.max(...this.#arrived);
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, ROUND, -1);
    Atomics.notify(this.#control, ROUND);
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exit = once(worker, "exit");
        const timer = setTimeout(() => void worker.terminate(), DEADLINE);
        await exit;
        clearTimeout(timer);
      }),
    );
  }
}
