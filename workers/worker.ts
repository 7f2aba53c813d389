/** What entry.cts loads: binds the kernels once, then walks the commands of one batch after another. */
import { workerData } from "node:worker_threads";
import { Barrier, BarrierPoisonedError } from "./barrier.js";
import { instantiate } from "./instantiate.js";
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
import { KERNEL_NAMES } from "./steps.js";

const setup = workerData as WorkerSetup;
const { memory, control } = setup;
const kernelsByName = instantiate(setup.kernels, memory);
const kernels = KERNEL_NAMES.map((name) => kernelsByName[name]);
const barrier = new Barrier(memory, control.barrier, control.threads, control.spin);

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
