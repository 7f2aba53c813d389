/** Which algorithm each convolution gets on this machine: measured once, and kept in a file. */
import { join } from "node:path";
import type { KernelModule } from "../../workers/protocol.js";
import { engineErrors } from "../errors/engine.js";
import { cacheFolder } from "../host/host.js";
import type { Network } from "../network/layers.js";
import {
  checkConvolutions,
  PLANNED_CONVOLUTIONS,
  type AlgorithmTimes,
  type PlannedConvolutions,
} from "../plan/algorithm.js";
import type { Tile } from "../plan/tile.js";
import { addTimes, readTimes, timesOf, timesOwner } from "./times-file.js";
import { timeLayers, tunedLayers } from "./time-layers.js";

/** "auto" measures; with an object, the layers that it does not name are measured. */
export type ConvolutionsOption = "auto" | PlannedConvolutions;
export const CONVOLUTIONS_OPTIONS = ["auto", ...PLANNED_CONVOLUTIONS] as const;

/** How the algorithms were found. */
export interface Tuning {
  readonly convolutions: PlannedConvolutions;
  /** The layers that were measured now. */
  readonly measured: readonly string[];
  /** Where times are kept; undefined where none were wanted. */
  readonly file?: string;
  /** Why the file could not be used: then the times are of this engine alone. */
  readonly problem?: string;
}

export interface TuningOptions {
  readonly convolutions: ConvolutionsOption;
  /** Path of the file; false for none, undefined for the one in the user's cache folder. */
  readonly tuningFile?: string | false | undefined;
}

/** The module of a kernel set, or the plain TypeScript kernels, which nobody measures. */
export interface TunedKernels {
  readonly set: Tile;
  readonly module: KernelModule | "reference";
}

export const defaultTuningFile = (): string => join(cacheFolder(), "convolutions.json");

/**
 * Answers what a plan is to be made with. Times are those of one thread and few images whatever an engine has, so
 * that all engines on a machine compute the same bits.
 * @throws AlexNetError OPTION_INVALID; WORKER_FAILED where the measuring thread is lost.
 */
export async function tune(
  network: Network,
  { set, module }: TunedKernels,
  { convolutions, tuningFile }: TuningOptions,
): Promise<Tuning> {
  checkConvolutions(convolutions, network, CONVOLUTIONS_OPTIONS);
  if (
    tuningFile !== undefined &&
    tuningFile !== false &&
    (typeof tuningFile !== "string" || tuningFile === "")
  )
    throw engineErrors.option("tuningFile", tuningFile, "a path, or false for none");
  if (convolutions !== "auto" && typeof convolutions === "string") return { convolutions, measured: [] };
  const named = convolutions === "auto" ? {} : convolutions;
  const layers = tunedLayers(network).filter(({ name }) => !Object.hasOwn(named, name));
  if (layers.length === 0 || module === "reference") return { convolutions: named, measured: [] };

  const owner = timesOwner(set.set);
  const file = tuningFile === false ? undefined : (tuningFile ?? defaultTuningFile());
  const found = file === undefined ? { entries: [] } : await readTimes(file);
  const known = new Map(timesOf(found, owner));
  const missing = layers.filter(({ key }) => !known.has(key));
  let { problem } = found;
  if (missing.length > 0) {
    const times = await timeLayers(
      network,
      missing.map(({ name }) => name),
      set,
      module,
    );
    const added = new Map<string, AlgorithmTimes>();
    for (const { name, key } of missing) {
      const time = times.get(name);
      if (time) added.set(key, time);
    }
    for (const [key, time] of added) known.set(key, time);
    if (file !== undefined && problem === undefined) problem = await addTimes(file, owner, added);
  }
  const measuredNow = missing.filter(({ key }) => known.has(key)).map(({ name }) => name);
  const times = layers.flatMap(({ name, key }) => {
    const time = known.get(key);
    return time ? [[name, time] as const] : [];
  });
  return {
    convolutions: { ...Object.fromEntries(times), ...named },
    measured: measuredNow,
    ...(file !== undefined && { file }),
    ...(problem !== undefined && { problem }),
  };
}
