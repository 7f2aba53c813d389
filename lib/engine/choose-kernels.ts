/** Which kernel set an engine runs: measured and verified on this machine, or forced. */
import { engineErrors } from "../errors/engine.js";
import type { KernelModule } from "../../workers/protocol.js";
import type { ForwardKernelName } from "../../workers/steps.js";
import { Candidates, type Candidate, type MeasuredSet } from "./candidates.js";
import { COMPILED_SETS, KERNEL_SETS, type KernelSet, type KernelSetName } from "./kernel-sets.js";

/** The pick, for the user to see. */
export interface KernelChoice {
  readonly set: KernelSetName;
  /** The kernel behind each export, named f32_<operation>_<tile>. */
  readonly kernels: Readonly<Record<ForwardKernelName, string>>;
  readonly forced: boolean;
  /** What was known of the sets in question when the pick was made. */
  readonly measured: readonly MeasuredSet[];
}

export interface ChosenKernels {
  readonly choice: KernelChoice;
  readonly set: KernelSet;
  readonly module: KernelModule | "reference";
}

export type KernelsOption = "auto" | KernelSetName;
export const KERNELS_OPTIONS: readonly KernelsOption[] = ["auto", "baseline", "relaxed", "wide", "reference"];

const candidatesOfProcess = new Candidates();

/**
 * Picks the fastest kernel set that is right, or the one that is asked for.
 * @throws AlexNetError OPTION_INVALID for an unknown name, KERNELS_UNAVAILABLE for a set that cannot be used here,
 * WORKER_FAILED where the thread that measures is lost.
 */
export async function chooseKernels(
  option: KernelsOption,
  candidates = candidatesOfProcess,
): Promise<ChosenKernels> {
  if (!KERNELS_OPTIONS.includes(option)) throw engineErrors.kernelsUnknown(option, KERNELS_OPTIONS);
  if (option === "reference") return chosen("reference", "reference", true, []);
  const measured = await candidates.measure(option === "auto" ? COMPILED_SETS : [option]);
  const visible = measured.map(({ shown }) => shown);
  let best: Candidate | undefined;
  for (const candidate of measured)
    if (candidate.module !== undefined && (candidate.shown.gflops ?? 0) > (best?.shown.gflops ?? 0))
      best = candidate;
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
