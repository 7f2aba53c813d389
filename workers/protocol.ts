/** Everything that crosses the border between the main thread and a worker: messages, commands, control words. */

/**
 * A WebAssembly.Memory and a WebAssembly.Module, named without the namespace: Node's types lack it, and what users
 * compile against must not need it.
 */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}
export interface KernelModule {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

/** Given once, when a worker starts. */
export interface WorkerSetup {
  /** The kernel set's compiled module, or "reference" for the plain TypeScript kernels. */
  readonly kernels: KernelModule | "reference";
  /** The same for the kernels of training; left out where nothing is trained. */
  readonly gradients?: KernelModule | "reference";
  /** The one memory of the engine: weights, activations, steps and control words. */
  readonly memory: SharedMemory;
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
  /** COMMAND_WORDS words for each command, in the order in which they run. */
  readonly program: Int32Array;
  /** Whether to answer with what it did when. */
  readonly timed: boolean;
}

/**
 * What a worker did in a batch, SPAN_WORDS numbers for each stretch of time: the operation of the plan, or WAITING at a
 * barrier, its begin and its end in milliseconds since 1970, so that stretches of several threads can be compared.
 */
export type BatchSpans = Float64Array;
export const SPAN_WORDS = 3;
export const WAITING = -1;

/**
 * What a task answers: its spans where they were asked for, or that it gave up because another worker of the batch
 * is lost. That is no error: the error that counts is the other's, and an error's class does not cross the border.
 */
export type BatchAnswer = BatchSpans | undefined | "gave up";

/**
 * A command is [kernel, step address, input image, output image, operation]: kernel is an index of KERNEL_NAMES,
 * or BARRIER.
 */
export const COMMAND_WORDS = 5;
export const BARRIER = -1;
