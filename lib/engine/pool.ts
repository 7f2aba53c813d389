/** The workers of an engine: one Piscina task for each worker and batch, and what happens when one is lost. */
import { Piscina } from "piscina";
import { engineErrors } from "../errors/engine.js";
import { Barrier } from "../../workers/barrier.js";
import type { BatchAnswer, BatchTask, BatchSpans, WorkerSetup } from "../../workers/protocol.js";

const FILENAME = new URL("../../workers/entry.cjs", import.meta.url).href;

export class WorkerPool {
  readonly #setup: WorkerSetup;
  readonly #barrier: Barrier;
  #pool: Piscina<BatchTask, BatchAnswer>;
  /** When the threads that the present pool began with have ended: no other ever gets a task. */
  #ended: Promise<unknown> = Promise.resolve();
  /** The first sign that a worker of the present pool is lost. */
  #lost: Error | undefined;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    const { barrier, threads, spin } = setup.control;
    this.#barrier = new Barrier(setup.memory, barrier, threads, spin);
    this.#pool = this.#start();
  }

  /**
   * Runs one batch, a program for each worker; one batch at a time.
   * @throws AlexNetError WORKER_FAILED when a worker throws, exits or is terminated; the next batch has a new pool.
   */
  async run(programs: readonly Int32Array[], timed: boolean): Promise<(BatchSpans | undefined)[]> {
    // A worker was lost, in the last batch or since: start again, with every worker that the plan has. Piscina's own
    // replacement would do, but a task waits without end where that one fails as well.
    if (this.#lost !== undefined) await this.#restart();
    const pool = this.#pool;
    const tasks = programs.map(async (program): Promise<BatchAnswer> => {
      try {
        return await pool.run({ program, timed });
      } catch (error) {
        this.#lose(error);
        return "gave up";
      }
    });
    // all of them: a worker that still runs may not write into the next batch
    const answers = await Promise.all(tasks);
    const spans = answers.filter((answer) => answer !== "gave up");
    if (spans.length === answers.length) return spans;
    throw engineErrors.workerFailed(this.#lost ?? new Error("a worker gave up without a cause"));
  }

  /** Ends the workers; no batch may be running. */
  async close(): Promise<void> {
    await this.#pool.destroy();
    await this.#ended;
  }

  #start(): Piscina<BatchTask, BatchAnswer> {
    const { threads } = this.#setup.control;
    const pool = new Piscina<BatchTask, BatchAnswer>({
      filename: FILENAME,
      minThreads: threads,
      maxThreads: threads,
      workerData: this.#setup,
    });
    // a worker that fails while it has no task is only told here
    pool.on("error", (error: Error) => {
      if (pool === this.#pool) this.#lose(error);
    });
    const ends = pool.threads.map(
      (thread) =>
        new Promise<void>((resolve) => {
          thread.once("exit", (code) => {
            if (pool === this.#pool) this.#lose(new Error(`worker exited with code: ${code}`));
            resolve();
          });
        }),
    );
    this.#ended = Promise.all(ends);
    return pool;
  }

  /** Releases the other workers: whoever is lost will never come to a barrier. */
  #lose(reason: unknown): void {
    this.#lost ??= reason instanceof Error ? reason : new Error(String(reason));
    this.#barrier.poison();
  }

  async #restart(): Promise<void> {
    // The old threads are gone before the memory is used again: none may write into a later batch. Piscina waits
    // for those that it still counts; one that failed by an error it has only told to stop.
    await this.close();
    this.#barrier.reset();
    this.#lost = undefined;
    this.#pool = this.#start();
  }
}
