/**
 * Whether kernels give what scalar sums in float64 give. V8 replaces a kernel's code as it gets hot, so the same
 * problems are checked again when it has.
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
import { STEP_BYTES, writeStep, type Kernel, type Kernels } from "./steps.js";

interface Check extends Omit<Problem, "step" | "reference"> {
  readonly kernel: Kernel;
  readonly address: number;
  readonly expected: Float32Array;
}

/** Milliseconds. V8 takes nearly all of these kernels for hot within two of their own, on Node 20 as on later ones. */
const TURN = 1;
const TURNS = 2;

/** A value in [-1, 1) that does not repeat soon. */
export const wave = (i: number): number => ((i * 40503) % 65536) / 32768 - 1;

export class Checks {
  readonly #values: Float32Array;
  readonly #checks: readonly Check[];

  /**
   * @param bind gives the kernels that are checked, for the memory in which it is done
   * @param panel output channels of a panel, NR
   */
  constructor(bind: (memory: SharedMemory) => Kernels, panel: number) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    const kernels = bind(memory);
    const values = new Float32Array(memory.buffer);
    const view = new DataView(memory.buffer);
    for (let i = 0; i < ROOM; i++) {
      values[INPUT / 4 + i] = wave(i);
      values[WEIGHTS / 4 + i] = wave(3 * i + 1) * LARGEST_WEIGHT;
    }
    this.#values = values;
    this.#checks = problemsFor(panel).map(({ step, outputs, bound, reference }, index) => {
      const address = STEPS + index * STEP_BYTES;
      writeStep(view, address, step);
      reference(values);
      const expected = values.slice(OUTPUT / 4, OUTPUT / 4 + outputs);
      return { kernel: kernels[step.kernel], address, outputs, bound, expected };
    });
  }

  /** Whether every output of every kernel is what the sums give, by the code that V8 has for it now. */
  areRight(): boolean {
    return this.#checks.every(({ kernel, address, outputs, bound, expected }) => {
      const actual = this.#values.subarray(OUTPUT / 4, OUTPUT / 4 + outputs);
      actual.fill(NaN);
      kernel(address, 0, 0);
      return actual.every((value, index) => Math.abs(value - expected[index]) <= bound);
    });
  }

  /** Runs the kernels until V8 has its best code for them: it compiles beside, so each has several turns. */
  heat(): void {
    for (let turn = 0; turn < TURNS; turn++)
      for (const { kernel, address } of this.#checks)
        for (const start = performance.now(); performance.now() - start < TURN;) kernel(address, 0, 0);
  }
}
