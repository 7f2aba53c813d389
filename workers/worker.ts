/** What entry.cts loads: binds the kernels once, then walks the commands of one batch after another. */
import { workerData } from "node:worker_threads";
import { Barrier, BarrierPoisonedError } from "./barrier.js";
import { instantiate, instantiateGradients } from "./instantiate.js";
import {
  BARRIER,
  COMMAND_WORDS,
  SPAN_WORDS,
  WAITING,
  type BatchAnswer,
  type BatchSpans,
  type BatchTask,
  type WorkerSetup,
} from "./protocol.js";
import { KERNEL_NAMES, type Kernel, type KernelName } from "./steps.js";

const setup = workerData as WorkerSetup;
const { memory, control } = setup;
const kernelsByName: Partial<Record<KernelName, Kernel>> = {
  ...instantiate(setup.kernels, memory),
  ...(setup.gradients && instantiateGradients(setup.gradients, memory)),
};
const kernels = KERNEL_NAMES.map((name) => kernelsByName[name] ?? absent(name));
const barrier = new Barrier(memory, control.barrier, control.threads, control.spin);

/** Stands for a kernel whose module this worker was not given: no plan without training has a step for it. */
function absent(name: KernelName): Kernel {
  return () => {
    throw new RangeError(`${name} is a kernel of training, whose module this worker was not given`);
  };
}

export default function runBatch(task: BatchTask): BatchAnswer {
  try {
    if (task.timed) return walkTimed(task.program);
    walk(task.program);
    return undefined;
  } catch (error) {
    if (error instanceof BarrierPoisonedError) return "gave up";
    // The others may be waiting for this worker: let them go before the error travels to the main thread.
    barrier.poison();
    throw error;
  }
}

function walk(program: Int32Array): void {
  for (let at = 0; at < program.length; at += COMMAND_WORDS) {
    const kernel = program[at];
    if (kernel === BARRIER) barrier.wait();
    else kernels[kernel](program[at + 1], program[at + 2], program[at + 3]);
  }
}

function walkTimed(program: Int32Array): BatchSpans {
  const spans: number[] = [];
  let from = performance.timeOrigin + performance.now();
  for (let at = 0; at < program.length; at += COMMAND_WORDS) {
    const kernel = program[at];
    if (kernel === BARRIER) barrier.wait();
    else kernels[kernel](program[at + 1], program[at + 2], program[at + 3]);
    const to = performance.timeOrigin + performance.now();
    const operation = kernel === BARRIER ? WAITING : program[at + 4];
    // the steps of one operation follow each other, and their times with them
    if (spans[spans.length - SPAN_WORDS] === operation) spans[spans.length - 1] = to;
    else spans.push(operation, from, to);
    from = to;
  }
  return Float64Array.from(spans);
}
