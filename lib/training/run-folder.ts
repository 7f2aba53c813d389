/** The folder of a run, and what is in it. */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runErrors } from "../errors/training.js";
import { removeUnfinished } from "../weights/whole-file.js";

export interface RunFiles {
  /** The last checkpoint: weights, velocities and where the run is. */
  readonly checkpoint: string;
  /** The weights of the best epoch, as `saveWeights` writes them. */
  readonly best: string;
  /** A line of JSON for each epoch, and for every so many steps. */
  readonly metrics: string;
  /** What `alexnet eval` found. */
  readonly confusion: string;
  /** A folder: the report's page and pictures. */
  readonly report: string;
}

export const runFiles = (folder: string): RunFiles => ({
  checkpoint: join(folder, "checkpoint.safetensors"),
  best: join(folder, "best.safetensors"),
  metrics: join(folder, "metrics.ndjson"),
  confusion: join(folder, "confusion.json"),
  report: join(folder, "report"),
});

/**
 * Makes the folder of a run ready for a new one, or for one that goes on (`resume`): what a process that was killed while
 * it wrote left is taken away.
 * @throws AlexNetError RUN_INVALID where a new run would write over another, or where the folder cannot be made or read.
 */
export async function openRunFolder(folder: string, { resume }: { readonly resume: boolean }): Promise<void> {
  const files = runFiles(folder);
  try {
    if (!resume) await mkdir(folder, { recursive: true });
    for (const path of [files.checkpoint, files.best, files.metrics])
      if (!resume && (await isThere(path))) throw runErrors.taken(folder, path);
    for (const path of [files.checkpoint, files.best]) await removeUnfinished(path);
  } catch (cause) {
    throw runErrors.folder(folder, cause);
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
    throw cause;
  }
}
