/**
 * The worker that compiles and times kernel sets and checks the fastest, away from the main thread: it answers and
 * ends.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Checks, wave } from "./checks.js";
import { compileKernels } from "./kernel-module.js";
import type { KernelModule } from "./protocol.js";
import { instantiate } from "./instantiate.js";
import { writeStep } from "./steps.js";

/** What the worker is given when it starts, in a list; it posts a list of measurements in the same order. */
export interface MeasureTask {
  /** The file of the set's module. */
  readonly file: string;
  /** Output channels of a panel, NR. */
  readonly panel: number;
  /** What was found before: only what that lacks is done. */
  readonly known?: Measurement | undefined;
}

export interface Measurement {
  readonly module: KernelModule;
  readonly gflops: number;
  /** What the kernels gave in V8's first code for them, before any was timed: see Checks. */
  readonly first: Float32Array;
  /** Whether that is what scalar sums give, and what they gave once they were hot; missing where it was not checked. */
  readonly right?: boolean;
}

/** A convolution like conv3 of one tower, small enough for the second level cache: 3 x 3 over 12 x 12. */
const CHANNELS = 64;
const SIZE = 12;
const KERNEL = 3;
const OUT = 32;
const DEPTH = KERNEL * KERNEL * CHANNELS;
const POSITIONS = (SIZE - KERNEL + 1) ** 2;

const STEP = 65536;
const SCRATCH = STEP + 1024;
const INPUT = SCRATCH + 4096;
const WEIGHTS = INPUT + SIZE * SIZE * CHANNELS * 4;
const BIAS = WEIGHTS + OUT * DEPTH * 4;
const OUTPUT = BIAS + OUT * 4;
const PAGES = Math.ceil((OUTPUT + POSITIONS * OUT * 4) / 65536);

/** Milliseconds without a better time after which V8 is taken to have no better code to come. */
const SETTLED = 12;
const LONGEST = 120;
/** The same for a second look. */
const LOOK = 2;

interface TimedSet {
  readonly module: KernelModule;
  /** What is timed. */
  readonly run: () => void;
  readonly best: number;
  readonly first: Float32Array;
}

/** Undefined where this Node cannot compile the set. */
async function timeSet({ file, panel }: MeasureTask): Promise<TimedSet | undefined> {
  const module = await compileKernels(file);
  if (module === undefined) return undefined;
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const kernels = instantiate(module, memory);
  const values = new Float32Array(memory.buffer);
  for (let i = 0; i < SIZE * SIZE * CHANNELS; i++) values[INPUT / 4 + i] = wave(i);
  for (let i = 0; i < OUT * DEPTH + OUT; i++) values[WEIGHTS / 4 + i] = wave(3 * i + 1) / 16;
  const columns = SIZE - KERNEL + 1;
  const fields = {
    input: INPUT,
    inputImage: 0,
    inputRow: SIZE * CHANNELS * 4,
    inputColumn: CHANNELS * 4,
    output: OUTPUT,
    outputImage: 0,
    outputRow: columns * OUT * 4,
    outputColumn: OUT * 4,
    weights: WEIGHTS,
    bias: BIAS,
    outerRuns: 1,
    outerStride: 0,
    innerRuns: KERNEL,
    innerStride: SIZE * CHANNELS * 4,
    runLength: KERNEL * CHANNELS,
    columns,
    positionFrom: 0,
    positionTo: POSITIONS,
    panelFrom: 0,
    panelTo: OUT / panel,
    channels: OUT,
    scratch: SCRATCH,
    floor: -Infinity,
  };
  writeStep(new DataView(memory.buffer), STEP, { kernel: "conv_tile", fields });
  const first = checksOf(module, panel).run();
  const run = () => {
    kernels.conv_tile(STEP, 0, 0);
  };
  return { module, run, best: bestTime(run, SETTLED), first };
}

/** Of the fastest run, in milliseconds, after so many without a faster one. */
function bestTime(run: () => void, patience: number): number {
  let best = Infinity;
  const start = performance.now();
  for (let bestAt = start, now = start; now - bestAt < patience && now - start < LONGEST;) {
    run();
    const end = performance.now();
    if (end - now < best * 0.98) {
      best = end - now;
      bestAt = end;
    }
    now = end;
  }
  return best;
}

const checksOf = (module: KernelModule, panel: number) =>
  new Checks((memory) => instantiate(module, memory), panel);

/** Heats the kernels, which the engine's workers gain from: they run the same code. */
function isRight({ module, first }: Measurement, panel: number): boolean {
  const checks = checksOf(module, panel);
  if (!checks.areRight(first)) return false;
  checks.heat();
  return checks.areRight(checks.run());
}

const tasks = workerData as readonly MeasureTask[];
const sets: (TimedSet | undefined)[] = [];
for (const task of tasks) sets.push(task.known === undefined ? await timeSet(task) : undefined);
const measurements = tasks.map(({ known }, index): Measurement | undefined => {
  const set = sets[index];
  if (set === undefined) return known;
  const { module, run, first } = set;
  // on a busy machine the better code may have come after all had seemed settled
  const best = Math.min(set.best, bestTime(run, LOOK));
  return { module, gflops: (2 * POSITIONS * OUT * DEPTH) / best / 1e6, first };
});
const rateOf = (index: number) => measurements[index]?.gflops ?? 0;
// not before all are timed: what V8 compiles for the kernels that are heated would delay the code that is timed
for (const index of [...measurements.keys()].sort((a, b) => rateOf(b) - rateOf(a))) {
  const measured = measurements[index];
  if (measured === undefined) continue;
  const right = measured.right ?? isRight(measured, tasks[index].panel);
  measurements[index] = { ...measured, right };
  if (right) break;
}
parentPort?.postMessage(measurements);
