/** The file in which measured times are kept: entries of machines, Node versions and versions of this package. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { reasonOf } from "../errors/base.js";
import { packageVersion, processor } from "../host/host.js";
import type { AlgorithmTimes } from "../plan/algorithm.js";

/** What times depend on, beside the layer. */
export interface TimesOwner {
  readonly cpu: string;
  readonly platform: string;
  readonly node: string;
  /** Version of this package. */
  readonly package: string;
  readonly kernels: string;
}

/** Milliseconds of a layer, and the day of the measurement. */
interface Entry extends TimesOwner, AlgorithmTimes {
  readonly layer: string;
  readonly measured: string;
}

/** A file that is there, or can be made. */
export interface TimesFound {
  readonly entries: readonly Entry[];
  /** Why the file cannot be used; then it is left as it is. */
  readonly problem?: string;
}

const FORMAT = "alexnet-threads convolution times 1";
const TEXTS = ["cpu", "platform", "node", "package", "kernels", "layer", "measured"] as const;

export const timesOwner = (kernels: string): TimesOwner => ({
  cpu: processor(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  package: packageVersion(),
  kernels,
});

/** Never throws: a cache that cannot be read is one that is not there, with the reason. */
export async function readTimes(path: string): Promise<TimesFound> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return missing ? { entries: [] } : { entries: [], problem: reasonOf(error) };
  }
  const entries = entriesOf(text);
  return entries === undefined ? { entries: [], problem: `it is not a file of ${FORMAT}` } : { entries };
}

/** The times that belong to an owner, by the layer's key. */
export const timesOf = ({ entries }: TimesFound, owner: TimesOwner): ReadonlyMap<string, AlgorithmTimes> =>
  new Map(
    entries
      .filter((entry) => sameOwner(entry, owner))
      .map(({ layer, direct, winograd }) => [layer, { direct, winograd }]),
  );

/**
 * Adds times, and drops those of other versions of this package, whose kernels are others. The file appears whole or
 * not at all; of processes that write at once, the last one's is kept.
 * @returns why that is not possible, undefined where it was.
 */
export async function addTimes(
  path: string,
  owner: TimesOwner,
  times: ReadonlyMap<string, AlgorithmTimes>,
): Promise<string | undefined> {
  // again: another process may have added some since
  const found = await readTimes(path);
  if (found.problem !== undefined) return found.problem;
  const measured = new Date().toISOString().slice(0, 10);
  const kept = found.entries.filter(
    (entry) => entry.package === owner.package && !(sameOwner(entry, owner) && times.has(entry.layer)),
  );
  const added = [...times].map(([layer, time]): Entry => ({ ...owner, layer, ...time, measured }));
  const beside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const text = JSON.stringify({ format: FORMAT, entries: [...kept, ...added] }, null, 1);
    await writeFile(beside, `${text}\n`, { flag: "wx" });
    await rename(beside, path);
    return undefined;
  } catch (error) {
    await rm(beside, { force: true });
    return reasonOf(error);
  }
}

const sameOwner = (a: TimesOwner, b: TimesOwner): boolean =>
  a.cpu === b.cpu &&
  a.platform === b.platform &&
  a.node === b.node &&
  a.package === b.package &&
  a.kernels === b.kernels;

/** Undefined where the text is anything else. */
function entriesOf(text: string): readonly Entry[] | undefined {
  try {
    const { format, entries } = JSON.parse(text) as { format?: unknown; entries?: unknown };
    if (format !== FORMAT || !Array.isArray(entries) || !entries.every(isEntry)) return undefined;
    return entries;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  const times = [entry.direct, entry.winograd];
  return (
    TEXTS.every((name) => typeof entry[name] === "string") &&
    times.every((time) => typeof time === "number" && time > 0)
  );
}
