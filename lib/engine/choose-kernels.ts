/** Which kernel set an engine runs: measured and verified on this machine, or forced. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { engineErrors } from "../errors/engine.js";
import type { Measurement, MeasureTask } from "../../workers/measure.js";
import type { KernelModule } from "../../workers/protocol.js";
import type { KernelName } from "../../workers/steps.js";
import {
  COMPILED_SETS,
  fileOfSet,
  KERNEL_SETS,
  type CompiledSetName,
  type KernelSet,
  type KernelSetName,
} from "./kernel-sets.js";

export interface MeasuredSet {
  readonly set: CompiledSetName;
  /** Billions of multiplications and additions a second, one thread; missing where the set does not compile. */
  readonly gflops?: number;
  /** Whether the set compiles here and gives what a scalar sum gives. */
  readonly usable: boolean;
  /** What it lacks, where it is not usable. */
  readonly reason?: string;
}

/** The pick, for the user to see. */
export interface KernelChoice {
  readonly set: KernelSetName;
  /** The kernel behind each export, named f32_<operation>_<tile>. */
  readonly kernels: Readonly<Record<KernelName, string>>;
  readonly forced: boolean;
  readonly measured: readonly MeasuredSet[];
}

export interface ChosenKernels {
  readonly choice: KernelChoice;
  readonly set: KernelSet;
  readonly module: KernelModule | "reference";
}

export type KernelsOption = "auto" | KernelSetName;
export const KERNELS_OPTIONS: readonly KernelsOption[] = ["auto", "baseline", "relaxed", "wide", "reference"];

interface Candidate {
  readonly shown: MeasuredSet;
  /** Missing where the set is not usable. */
  readonly module?: KernelModule;
}

/**
 * Once measured, a set's figure holds for the life of the process: flags and processor stay what they are. Engines
 * that are created at once wait for the same measurement.
 */
const candidates = new Map<CompiledSetName, Promise<Candidate>>();

/**
 * Picks the fastest kernel set that is right, or the one that is asked for.
 * @throws AlexNetError OPTION_INVALID for an unknown name, KERNELS_UNAVAILABLE for a set that cannot be used here.
 */
export async function chooseKernels(option: KernelsOption): Promise<ChosenKernels> {
  if (!KERNELS_OPTIONS.includes(option)) throw engineErrors.kernelsUnknown(option, KERNELS_OPTIONS);
  if (option === "reference") return chosen("reference", "reference", true, []);
  const measured = await measure(option === "auto" ? COMPILED_SETS : [option]);
  const visible = measured.map(({ shown }) => shown);
  let best: Candidate | undefined;
  for (const candidate of measured)
    if (candidate.shown.usable && (candidate.shown.gflops ?? 0) > (best?.shown.gflops ?? 0)) best = candidate;
  if (best?.module !== undefined) return chosen(best.shown.set, best.module, option !== "auto", visible);
  if (option !== "auto")
    throw engineErrors.kernelsUnavailable(option, visible[0].reason ?? "unknown", KERNEL_SETS[option].needs);
  return chosen("reference", "reference", false, visible);
}

const chosen = (
  name: KernelSetName,
  module: KernelModule | "reference",
  forced: boolean,
  measured: readonly MeasuredSet[],
): ChosenKernels => {
  const set = KERNEL_SETS[name];
  return { choice: { set: name, kernels: set.kernels, forced, measured }, set, module };
};

function measure(sets: readonly CompiledSetName[]): Promise<Candidate[]> {
  const missing = sets.filter((set) => !candidates.has(set));
  if (missing.length > 0) {
    const measurements = inWorker(
      missing.map((set) => ({ file: fileOfSet(set), panel: KERNEL_SETS[set].panel })),
    );
    missing.forEach((set, index) => {
      const measured = measurements.then((all) => candidate(set, all[index]));
      candidates.set(set, measured);
      // who asked is told; who asks later measures again
      measured.catch(() => candidates.delete(set));
    });
  }
  return Promise.all(sets.flatMap((set) => candidates.get(set) ?? []));
}

function candidate(set: CompiledSetName, measured: Measurement | undefined): Candidate {
  if (measured === undefined)
    return { shown: { set, usable: false, reason: `this Node does not compile it (${process.version})` } };
  const { module, gflops, right } = measured;
  if (!right)
    return { shown: { set, gflops, usable: false, reason: "its results are wrong on this machine" } };
  return { shown: { set, gflops, usable: true }, module };
}

/** The thread has all that it needs from the start, so it never waits for the main one, which has other things to do. */
async function inWorker(tasks: readonly MeasureTask[]): Promise<readonly (Measurement | undefined)[]> {
  const worker = new Worker(new URL("../../workers/measure.js", import.meta.url), { workerData: tasks });
  const lost = once(worker, "exit").then(([code]) => {
    throw engineErrors.measuringLost(Number(code));
  });
  const [measurements] = (await Promise.race([once(worker, "message"), lost])) as [
    readonly (Measurement | undefined)[],
  ];
  return measurements;
}
