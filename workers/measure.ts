/** The worker that compiles, checks and times kernel sets, away from the main thread: it answers and ends. */
import { parentPort, workerData } from "node:worker_threads";
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
}

export interface Measurement {
  readonly module: KernelModule;
  readonly gflops: number;
  /** Whether every output of both convolution kernels was what a scalar sum gives. */
  readonly right: boolean;
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

/** Undefined where this Node cannot compile the set. */
async function measure({ file, panel }: MeasureTask): Promise<Measurement | undefined> {
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
  const right = (["conv_row", "conv_tile"] as const).every((kernel) => {
    values.fill(NaN, OUTPUT / 4, OUTPUT / 4 + POSITIONS * OUT);
    kernels[kernel](STEP, 0, 0);
    return isRight(values, panel);
  });
  let best = Infinity;
  const start = performance.now();
  for (let bestAt = start, now = start; now - bestAt < SETTLED && now - start < LONGEST;) {
    kernels.conv_tile(STEP, 0, 0);
    const end = performance.now();
    if (end - now < best * 0.98) {
      best = end - now;
      bestAt = end;
    }
    now = end;
  }
  return { module, gflops: (2 * POSITIONS * OUT * DEPTH) / best / 1e6, right };
}

/** A value in [-1, 1) that does not repeat soon. */
const wave = (i: number): number => ((i * 40503) % 65536) / 32768 - 1;

function isRight(values: Float32Array, panel: number): boolean {
  const columns = SIZE - KERNEL + 1;
  const run = KERNEL * CHANNELS;
  const window = new Float64Array(DEPTH);
  for (let position = 0; position < POSITIONS; position += 7) {
    const corner = INPUT / 4 + (Math.floor(position / columns) * SIZE + (position % columns)) * CHANNELS;
    for (let row = 0; row < KERNEL; row++) {
      const from = corner + row * SIZE * CHANNELS;
      window.set(values.subarray(from, from + run), row * run);
    }
    for (let channel = 0; channel < OUT; channel++) {
      let sum = values[BIAS / 4 + channel];
      let magnitude = Math.abs(sum);
      let weight = WEIGHTS / 4 + Math.floor(channel / panel) * DEPTH * panel + (channel % panel);
      for (let k = 0; k < DEPTH; k++, weight += panel) {
        const product = window[k] * values[weight];
        sum += product;
        magnitude += Math.abs(product);
      }
      // float32 sums of n terms are off by at most n half units in the last place of the sum of magnitudes
      const bound = DEPTH * 2 ** -24 * magnitude;
      if (!(Math.abs(values[OUTPUT / 4 + position * OUT + channel] - sum) <= bound)) return false;
    }
  }
  return true;
}

const measurements: (Measurement | undefined)[] = [];
for (const task of workerData as readonly MeasureTask[]) measurements.push(await measure(task));
parentPort?.postMessage(measurements);
