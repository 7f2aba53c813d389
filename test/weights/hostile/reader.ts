/** The process that reads hostile files for judge.ts, one after the other, and says how each ended and what it took. */
import { existsSync, readFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { AlexNetError } from "../../../lib/errors/base.js";
import { resolveNetwork } from "../../../lib/weights/resolve.js";
import { readNumbers } from "../../fuzz/reading.js";

export interface ReadTask {
  readonly path: string;
  /** Whether the tensors must be just those of the network that the file is for. */
  readonly whole: boolean;
  /** Cut the file to every length from its own less one down to this one, and read each. */
  readonly cutFrom?: number;
}

/** How reading a file ended. */
export interface Ending {
  /** Of an AlexNetError; "read" without one, "crash" for anything else. */
  readonly code: string;
  readonly message: string;
  /** Milliseconds. */
  readonly took: number;
}

export interface ReadReport {
  /** Of the file, or of each cut of it, the longest first. */
  readonly endings: readonly Ending[];
  /** Bytes by which the process has grown at most since before its first file. */
  readonly grown: number;
  /** Rejections that nobody took, and warnings. */
  readonly stray: readonly string[];
}

const stray: string[] = [];
process.on("unhandledRejection", (reason) => stray.push(`unhandled: ${String(reason)}`));
process.on("warning", (warning) => stray.push(`warning: ${String(warning)}`));

const STATUS = "/proc/self/status";

/**
 * The most memory that this process has had, in bytes. Of getrusage Linux begins with the peak of the process that forked
 * this one, mocha, beside which nothing would show; the kernel's own count is of this process alone.
 */
function peak(): number {
  if (!existsSync(STATUS)) return process.resourceUsage().maxRSS * 1024;
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, "utf8"))?.[1];
  if (kibibytes === undefined) throw new Error(`${STATUS} has no VmHWM`);
  return Number(kibibytes) * 1024;
}

async function endingOf({ path, whole }: ReadTask): Promise<Ending> {
  const start = performance.now();
  const end = (code: string, message: string): Ending => ({ code, message, took: performance.now() - start });
  try {
    const weights = await readNumbers(path);
    if (whole) resolveNetwork(weights);
    return end("read", "");
  } catch (error) {
    return error instanceof AlexNetError
      ? end(error.code, error.message)
      : end("crash", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function run(task: ReadTask): Promise<readonly Ending[]> {
  if (task.cutFrom === undefined) return [await endingOf(task)];
  const endings: Ending[] = [];
  for (let length = task.cutFrom; length >= 0; length--) {
    await truncate(task.path, length);
    endings.push(await endingOf(task));
  }
  return endings;
}

globalThis.gc?.();
const before = process.memoryUsage().rss;
process.on("message", (task: ReadTask) => {
  void run(task).then((endings) => {
    // what one file left behind does not count for the next
    globalThis.gc?.();
    const grown = peak() - before;
    process.send?.({ endings, grown, stray } satisfies ReadReport);
  });
});
