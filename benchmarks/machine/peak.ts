/**
 * The most multiply-adds that WebAssembly reaches on one core here, in each of the forms that the kernels use: loops
 * that do nothing else. It is no more than what the processor can do, and less where V8 cannot use it all.
 */
import type { CompiledSetName } from "../../lib/engine/kernel-sets.js";
import { measure, type Case } from "../measure.js";
import type { Spread } from "../statistics.js";
import { machineModule, type MachineModule } from "./modules.js";

export interface Peak extends PeakLoop {
  readonly times: Spread;
  /** At the shortest time. */
  readonly gflops: number;
}

interface PeakLoop {
  readonly name: string;
  /** What its kernels do most. */
  readonly set: CompiledSetName;
  readonly module: MachineModule;
  readonly export: string;
  /** Of each of the two factors and of an accumulator. */
  readonly lanes: number;
}

const ACCUMULATORS = 12;
/** From one accumulator to the next, in elements. */
const STRIDE = 8;
/** With these every sum is a float32 number, so that a check can be exact. */
const X = 0.5;
const Y = 1.5;

const LOOPS: readonly PeakLoop[] = [
  {
    name: "multiply, then add, 128 bits",
    set: "baseline",
    module: "separate",
    export: "multiply_then_add",
    lanes: 4,
  },
  {
    name: "relaxed_madd, 128 bits",
    set: "relaxed",
    module: "fused",
    export: "fused",
    lanes: 4,
  },
  {
    name: "relaxed_madd, pairs of 128 bits",
    set: "wide",
    module: "fused",
    export: "fused_pairs",
    lanes: 8,
  },
];

/** Rounds of a call: about a millisecond, since V8 changes to its best code between calls only. */
const ROUNDS = 200_000;
/** Sums stay exact. */
const CHECKED_ROUNDS = 1000;

type Loop = (address: number, rounds: number) => void;

/**
 * Every form that this Node compiles, measured in this thread.
 * @throws Error where a loop's sums are wrong.
 */
export async function measurePeaks(quick: boolean): Promise<Peak[]> {
  const cases: (PeakLoop & Case)[] = [];
  for (const loop of LOOPS) {
    const run = await runOf(loop);
    if (run !== undefined) cases.push({ ...loop, run });
  }
  const spreads = await measure("multiply-adds in registers", cases, quick);
  return cases.map((loop, index) => {
    const times = spreads[index];
    const operations = 2 * ROUNDS * ACCUMULATORS * loop.lanes;
    return { ...loop, times, gflops: operations / times.min / 1e6 };
  });
}

async function runOf(loop: PeakLoop): Promise<(() => void) | undefined> {
  const module = await machineModule(loop.module);
  if (module === undefined) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const call = new WebAssembly.Instance(module, { env: { memory } }).exports[loop.export] as Loop;
  const values = new Float32Array(memory.buffer);
  values.fill(X, 0, loop.lanes);
  values.fill(Y, loop.lanes);
  const start = () => {
    // no two alike, or a compiler might compute them once
    for (const at of placesOf(loop)) values[at] = at;
  };
  start();
  call(0, CHECKED_ROUNDS);
  for (const at of placesOf(loop)) {
    const expected = at + CHECKED_ROUNDS * X * Y;
    if (values[at] !== expected)
      throw new Error(`${loop.name}: the sum at ${at} is ${values[at]}, must be ${expected}`);
  }
  return () => {
    start();
    call(0, ROUNDS);
  };
}

/** Where the accumulators' elements are. */
const placesOf = ({ lanes }: PeakLoop): number[] =>
  Array.from(
    { length: ACCUMULATORS * lanes },
    (_, lane) => 2 * lanes + STRIDE * Math.floor(lane / lanes) + (lane % lanes),
  );
