/**
 * Whether kernels give what scalar sums in float64 give. V8 replaces a kernel's code as it gets hot, so the same
 * problems are run again when it has. Running them costs little, the sums much more: a set that is only timed keeps
 * what it gave at first, to be compared when an engine wants it.
 */
import {
  INPUT,
  LARGEST_WEIGHT,
  OUTPUT,
  PAGES,
  problemsFor,
  ROOM,
  STEPS,
  WEIGHTS,
  type Problem,
} from "./check-problems.js";
import type { SharedMemory } from "./protocol.js";
import { STEP_BYTES, writeStep, type Kernel, type ForwardKernels } from "./steps.js";

interface Check extends Omit<Problem, "step"> {
  readonly kernel: Kernel;
  readonly address: number;
  /** Index of its first output among all. */
  readonly first: number;
}

/** Milliseconds. V8 takes nearly all of these kernels for hot within two of their own, on Node 20 as on later ones. */
const TURN = 1;
const TURNS = 2;

/** A value in [-1, 1) that does not repeat soon. */
export const wave = (i: number): number => ((i * 40503) % 65536) / 32768 - 1;

export class Checks {
  readonly #values: Float32Array;
  readonly #checks: readonly Check[];
  /** Of all checks. */
  readonly #outputs: number;
  /** What the sums give. */
  #expected: Float32Array | undefined;

  /**
   * @param bind gives the kernels that are checked, for the memory in which it is done
   * @param panel output channels of a panel, NR
   */
  constructor(bind: (memory: SharedMemory) => ForwardKernels, panel: number) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    const kernels = bind(memory);
    const values = new Float32Array(memory.buffer);
    const view = new DataView(memory.buffer);
    for (let i = 0; i < ROOM; i++) {
      values[INPUT / 4 + i] = wave(i);
      values[WEIGHTS / 4 + i] = wave(3 * i + 1) * LARGEST_WEIGHT;
    }
    this.#values = values;
    let first = 0;
    this.#checks = problemsFor(panel).map(({ step, ...problem }, index) => {
      const address = STEPS + index * STEP_BYTES;
      writeStep(view, address, step);
      const check = { ...problem, kernel: kernels[step.kernel], address, first };
      first += problem.outputs;
      return check;
    });
    this.#outputs = first;
  }

  /** What the kernels give for all problems, one behind the other, by the code that V8 has for them now. */
  run(): Float32Array {
    return this.#gather(({ kernel, address }) => {
      kernel(address, 0, 0);
    });
  }

  /** Whether every output of a run is what the sums give. */
  areRight(outputs: Float32Array): boolean {
    const expected = (this.#expected ??= this.#gather(({ reference }) => {
      reference(this.#values);
    }));
    return this.#checks.every(({ first, outputs: count, bound }) =>
      expected
        .subarray(first, first + count)
        .every((value, index) => Math.abs(outputs[first + index] - value) <= bound),
    );
  }

  /** Runs the kernels until V8 has its best code for them: it compiles beside, so each has several turns. */
  heat(): void {
    for (let turn = 0; turn < TURNS; turn++)
      for (const { kernel, address } of this.#checks)
        for (const start = performance.now(); performance.now() - start < TURN;) kernel(address, 0, 0);
  }

  /** The outputs of all problems; NaN where nothing is written. */
  #gather(write: (check: Check) => void): Float32Array {
    const all = new Float32Array(this.#outputs);
    for (const check of this.#checks) {
      const outputs = this.#values.subarray(OUTPUT / 4, OUTPUT / 4 + check.outputs);
      outputs.fill(NaN);
      write(check);
      all.set(outputs, check.first);
    }
    return all;
  }
}
