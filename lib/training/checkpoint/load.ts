import { AlexNetError } from "../../errors/base.js";
import { checkpointErrors } from "../../errors/training.js";
import type { Network } from "../../network/layers.js";
import { WeightFile } from "../../weights/file.js";
import type { Purpose, Weights } from "../../weights/index.js";
import { purposeFromMetadata } from "../../weights/metadata.js";
import { parametersIn, velocitiesIn } from "../../weights/own-tensors.js";
import { resolveNetwork } from "../../weights/resolve.js";
import { readSafetensors, safetensors } from "../../weights/safetensors.js";
import { fileWeights, type FileContents } from "../../weights/stored.js";
import { runFiles } from "../run-folder.js";
import { firstDifference } from "./difference.js";
import { CHECKPOINT, parseDescribed, type Described } from "./metadata.js";
import type { RunIdentity } from "./state.js";

/** A checkpoint whose numbers are read when they stream. */
export interface Checkpoint extends Purpose, Described {
  readonly path: string;
  readonly network: Network;
  readonly weights: Weights;
  /** Under the names of the weights. */
  readonly velocities: Weights;
}

/** What a run that goes on says of itself; what is missing is not compared. */
export interface ExpectedRun extends Partial<RunIdentity> {
  readonly network?: Network;
}

/**
 * Reads DIR/checkpoint.safetensors, whose tensors are checked to be all there.
 * @throws AlexNetError CHECKPOINT_INVALID where it is not there, cannot be read, is damaged, something else or of a newer
 * version; CHECKPOINT_MISMATCH naming the first thing of `expected` that it has otherwise.
 */
export async function loadCheckpoint(folder: string, expected: ExpectedRun = {}): Promise<Checkpoint> {
  const { checkpoint: path } = runFiles(folder);
  const checkpoint = await read(path);
  const { network, run } = checkpoint;
  const was: Readonly<Record<string, unknown>> = { network, ...run };
  for (const [option, value] of Object.entries(expected) as [string, unknown][]) {
    const difference = value === undefined ? undefined : firstDifference(option, was[option], value);
    if (difference) throw checkpointErrors.mismatch(path, difference);
  }
  return checkpoint;
}

async function read(path: string): Promise<Checkpoint> {
  const file = await told(path, () => WeightFile.at(path));
  const head = new Uint8Array(Math.min(9, file.size));
  await told(path, () => file.use((opened) => opened.read(0, head)));
  if (!safetensors.matches(head)) throw checkpointErrors.notACheckpoint(path);
  const { tensors, metadata } = await told(path, () => file.use((opened) => readSafetensors(file, opened)));
  const json = metadata.get(CHECKPOINT);
  if (json === undefined) throw checkpointErrors.notACheckpoint(path);
  const described = parseDescribed(path, json);
  return told(path, () => {
    const purpose = purposeFromMetadata(path, metadata);
    const { network } = purpose;
    if (network === undefined) throw checkpointErrors.field(path, "network", undefined, "a network");
    const weightsOf = (contents: FileContents) => fileWeights(file, "checkpoint", contents);
    const weights = weightsOf({ tensors: parametersIn(tensors, metadata), ...purpose });
    const velocities = weightsOf({ tensors: velocitiesIn(tensors), ...purpose });
    for (const tensorsOfOneKind of [weights, velocities]) resolveNetwork(tensorsOfOneKind);
    return { ...described, ...purpose, path, network, weights, velocities };
  });
}

/** Errors of weight files as those of a checkpoint. */
async function told<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AlexNetError && cause.code === "CHECKPOINT_INVALID") throw cause;
    const missing = cause instanceof Error && cause.cause instanceof Error ? cause.cause : undefined;
    if (missing && "code" in missing && missing.code === "ENOENT") throw checkpointErrors.missing(path);
    throw checkpointErrors.unreadable(path, cause);
  }
}
