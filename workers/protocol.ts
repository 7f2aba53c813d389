/** Everything that crosses the border between the main thread and a worker: messages, commands, control words. */

/** Given once, when a worker starts. */
export interface WorkerSetup {
  /** The kernel set's compiled module, or "reference" for the plain TypeScript kernels. */
  readonly kernels: WebAssembly.Module | "reference";
  /** The one memory of the engine: weights, activations, steps and control words. */
  readonly memory: WebAssembly.Memory;
  readonly control: ControlLayout;
}

/** How the workers meet. */
export interface ControlLayout {
  /** Byte address of the barrier's words, BARRIER_BYTES of them. */
  readonly barrier: number;
  /** How many workers meet there. */
  readonly threads: number;
  /** Whether a waiting worker may look for a few microseconds before it sleeps. */
  readonly spin: boolean;
}

/** One worker's part of one batch: a Piscina task. */
export interface BatchTask {
  /** Which worker of the plan this is, from 0. */
  readonly worker: number;
  /** COMMAND_WORDS words for each command, in the order in which they run. */
  readonly program: Int32Array;
  /** Whether to answer with the time that each operation took. */
  readonly timed: boolean;
}

/** What a worker spent in each operation of the plan, and at barriers, in milliseconds. */
export interface BatchTimes {
  readonly operations: readonly (readonly [operation: number, milliseconds: number])[];
  readonly waiting: number;
}

/**
 * A command is [kernel, step address, input image, output image, operation]: kernel is an index of KERNEL_NAMES,
 * or BARRIER.
 */
export const COMMAND_WORDS = 5;
export const BARRIER = -1;
