/** The Piscina entry that reads shared memory as fast as vectors of 16 bytes can. */
import { workerData } from "node:worker_threads";
import type { KernelModule, SharedMemory } from "../../workers/protocol.js";

export interface StreamingSetup {
  readonly module: KernelModule;
  readonly memory: SharedMemory;
}

export interface StreamingTask {
  /** Byte addresses. */
  readonly from: number;
  readonly to: number;
  readonly passes: number;
}

export interface StreamingAnswer {
  /** Milliseconds on a clock that all threads have. */
  readonly start: number;
  readonly end: number;
  /** Of the last pass. */
  readonly checksum: number;
}

const { module, memory } = workerData as StreamingSetup;
const read = new WebAssembly.Instance(module, { env: { memory } }).exports.read as (
  from: number,
  to: number,
) => number;

const now = (): number => performance.timeOrigin + performance.now();

export default function stream({ from, to, passes }: StreamingTask): StreamingAnswer {
  let checksum = 0;
  const start = now();
  for (let pass = 0; pass < passes; pass++) checksum = read(from, to);
  return { start, end: now(), checksum };
}
