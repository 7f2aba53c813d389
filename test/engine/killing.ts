/** Seeing the worker threads of this process, and ending them. */
import type { Worker } from "node:worker_threads";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../random.js";

/** Longer than anything here takes on a machine with other work: past it, something hangs. */
const DEADLINE = 30_000;

/** The value of a promise; an error that says what hangs, if it does. */
export async function settled<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what}: nothing after ${DEADLINE} ms`));
    }, DEADLINE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every worker thread that starts while it watches: Node tells the process of each. */
export class WorkerWatch {
  /** Those that have not ended. */
  readonly alive = new Set<Worker>();
  /** Called with each worker when it has just been made, before it runs. */
  onStart: ((worker: Worker) => void) | undefined;
  started = 0;
  readonly #listener = (worker: Worker): void => {
    this.started++;
    this.alive.add(worker);
    worker.once("exit", () => this.alive.delete(worker));
    this.onStart?.(worker);
  };

  constructor() {
    process.on("worker", this.#listener);
  }

  stop(): void {
    process.off("worker", this.#listener);
  }

  /** Ends one of the workers, if there is one; the promise is for its end. */
  kill(random: Random): Promise<unknown> {
    const workers = [...this.alive];
    return workers.length === 0 ? Promise.resolve() : random.pick(workers).terminate();
  }

  /** Waits until the workers that were told to end have ended. */
  async allEnded(): Promise<void> {
    for (let waited = 0; this.alive.size > 0; waited += 5) {
      if (waited > DEADLINE) throw new Error(`${this.alive.size} workers of closed engines still run`);
      await sleep(5);
    }
  }
}
