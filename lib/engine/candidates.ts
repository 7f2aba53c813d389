/** What is known of the compiled kernel sets on this machine: how fast they are, and whether they are right. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { engineErrors } from "../errors/engine.js";
import type { Measurement, MeasureTask } from "../../workers/measure.js";
import type { KernelModule } from "../../workers/protocol.js";
import { fileOfSet, KERNEL_SETS, type CompiledSetName } from "./kernel-sets.js";

export interface MeasuredSet {
  readonly set: CompiledSetName;
  /** Billions of multiplications and additions a second, one thread; missing where the set does not compile. */
  readonly gflops?: number;
  /**
   * Whether its results were compared with scalar sums. Sets are compared from the fastest on until one is right;
   * slower ones not before an engine asks for them.
   */
  readonly checked: boolean;
  /** Whether the set compiles here and was not found wrong. */
  readonly usable: boolean;
  /** What it lacks, where it is not usable. */
  readonly reason?: string;
}

export interface Candidate {
  readonly shown: MeasuredSet;
  /** Missing where the set is not usable, and where it was not checked: such a set may not run. */
  readonly module?: KernelModule;
}

/** What was found holds for the life of the process: flags and processor stay what they are. */
export class Candidates {
  readonly #fileOf: (set: CompiledSetName) => string;
  /** Undefined for a set that this Node does not compile. */
  readonly #found = new Map<CompiledSetName, Measurement | undefined>();
  /** The end of the queue: who comes while others are measured needs what they find, and may not disturb it. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param fileOf gives the file of a set's module */
  constructor(fileOf: (set: CompiledSetName) => string = fileOfSet) {
    this.#fileOf = fileOf;
  }

  /**
   * The sets in the given order, all of them timed; the fastest that is usable is checked and right.
   * @throws AlexNetError WORKER_FAILED where the thread that measures is lost; the next call measures again.
   */
  measure(sets: readonly CompiledSetName[]): Promise<Candidate[]> {
    const measured = this.#last.then(() => this.#measure(sets));
    // the next call runs whether this one succeeds or not; its error belongs to its caller
    this.#last = measured.catch(() => undefined);
    return measured;
  }

  async #measure(sets: readonly CompiledSetName[]): Promise<Candidate[]> {
    const open = sets.filter((set) => !this.#found.has(set) || usable(this.#found.get(set)));
    if (open.length > 0 && !this.#settled(open)) {
      const measurements = await inWorker(
        open.map((set) => ({
          file: this.#fileOf(set),
          panel: KERNEL_SETS[set].panel,
          known: this.#found.get(set),
        })),
      );
      open.forEach((set, index) => this.#found.set(set, measurements[index]));
    }
    return sets.map((set) => candidate(set, this.#found.get(set)));
  }

  /** Whether all of the usable sets are timed and the fastest is known to be right. */
  #settled(sets: readonly CompiledSetName[]): boolean {
    const known = sets.flatMap((set) => this.#found.get(set) ?? []);
    const fastest = Math.max(...known.map(({ gflops }) => gflops));
    return known.length === sets.length && known.some(({ gflops, right }) => right && gflops === fastest);
  }
}

const usable = (measured: Measurement | undefined): boolean =>
  measured !== undefined && measured.right !== false;

function candidate(set: CompiledSetName, measured: Measurement | undefined): Candidate {
  const shown = { set, checked: measured?.right !== undefined, usable: usable(measured) };
  if (measured === undefined)
    return { shown: { ...shown, reason: `this Node does not compile it (${process.version})` } };
  const { module, gflops, right } = measured;
  if (right === false)
    return { shown: { ...shown, gflops, reason: "its results are wrong on this machine" } };
  return { shown: { ...shown, gflops }, ...(right && { module }) };
}

/** The thread has all that it needs from the start, so it never waits for the main one, which has other things to do. */
async function inWorker(tasks: readonly MeasureTask[]): Promise<readonly (Measurement | undefined)[]> {
  const worker = new Worker(new URL("../../workers/measure.js", import.meta.url), { workerData: tasks });
  const lost = once(worker, "exit").then(([code]) => {
    throw engineErrors.measuringLost(Number(code));
  });
  const [measurements] = (await Promise.race([once(worker, "message"), lost])) as [
    readonly (Measurement | undefined)[],
  ];
  return measurements;
}
