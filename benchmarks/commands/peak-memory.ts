/** Preloaded into a program (`node --import`): when it ends, its peak resident memory in bytes goes to descriptor 3. */
import { existsSync, readFileSync, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const STATUS = "/proc/self/status";

/**
 * On Linux the high-water mark of this program's own memory: `maxRSS` counts what the parent had when it made the
 * process, too.
 */
function peakKilobytes(): number {
  const line = existsSync(STATUS) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(STATUS, "utf8")) : null;
  return line === null ? process.resourceUsage().maxRSS : Number(line[1]);
}

// worker threads have the same preloads
if (isMainThread)
  process.on("exit", () => {
    writeSync(3, String(peakKilobytes() * 1024));
  });
