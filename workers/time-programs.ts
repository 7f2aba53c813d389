/** The worker that times programs against each other, in a memory of its own: it answers and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { instantiate } from "./instantiate.js";
import { COMMAND_WORDS, type KernelModule, type SharedMemory } from "./protocol.js";
import { FORWARD_KERNEL_NAMES, type ForwardKernels } from "./steps.js";

/** One way to do some jobs: a program for each, of kernels and no barriers. */
export interface TimedWay {
  /** Pages of 64 KiB. */
  readonly pages: number;
  /** The steps of all programs, and their byte address. */
  readonly steps: { readonly address: number; readonly bytes: Uint8Array };
  /** Bytes that the programs read: they hold the same number everywhere. */
  readonly filled: readonly { readonly offset: number; readonly bytes: number }[];
  readonly programs: readonly Int32Array[];
}

/** What the worker is given when it starts. */
export interface TimingTask {
  readonly kernels: KernelModule;
  /** They have a program for each job, in the same order. */
  readonly ways: readonly TimedWay[];
  /**
   * Milliseconds for all jobs. Each has a part of them, but at least one run; none is begun after twice as many, and none at all
   * where the system has not the memory.
   */
  readonly budget: number;
}

/** By job and way, the milliseconds of the fastest run. */
export type Timings = readonly (readonly number[])[];

/** Neither zero, which untouched pages are as well, nor so small that sums get slow. */
const VALUE = 2 ** -6;

/** More runs of a job say nothing new. */
const MOST_RUNS = 16;

const { kernels: module, ways, budget } = workerData as TimingTask;

/** By way, a call for each job; undefined where the system has not the memory. */
function prepare(): (() => void)[][] | undefined {
  try {
    return ways.map(({ pages, steps, filled, programs }) => {
      const memory: SharedMemory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      new Uint8Array(memory.buffer).set(steps.bytes, steps.address);
      for (const { offset, bytes } of filled) new Float32Array(memory.buffer, offset, bytes / 4).fill(VALUE);
      const kernels = instantiate(module, memory);
      return programs.map((program) => () => {
        run(program, kernels);
      });
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function run(program: Int32Array, kernels: ForwardKernels): void {
  for (let at = 0; at < program.length; at += COMMAND_WORDS)
    kernels[FORWARD_KERNEL_NAMES[program[at]]](program[at + 1], program[at + 2], program[at + 3]);
}

function millisecondsOf(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

/** In turns, so that a machine that gets slower is as slow for all ways. */
function timeJob(runs: readonly (() => void)[][], job: number, until: number): number[] {
  const best = ways.map(() => Infinity);
  for (let run = 0; run === 0 || (run < MOST_RUNS && performance.now() < until); run++)
    runs.forEach((jobs, way) => {
      best[way] = Math.min(best[way], millisecondsOf(jobs[job]));
    });
  return best;
}

const runs = prepare();
const jobs = runs === undefined ? 0 : ways[0].programs.length;
const start = performance.now();
const timings: number[][] = [];
// each job has an equal part of what those before it left
while (runs && timings.length < jobs && performance.now() - start < 2 * budget) {
  const now = performance.now();
  timings.push(timeJob(runs, timings.length, now + (start + budget - now) / (jobs - timings.length)));
}
parentPort?.postMessage(timings satisfies Timings);
