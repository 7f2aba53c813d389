/**
 * A file that says which process works on another file, so that a second one leaves that alone. A process that was
 * killed leaves its lock behind; the next one takes that away.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { pullErrors } from "../errors/pull.js";

/** The process that works on the file. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
}

export class LockFile {
  private constructor(private readonly path: string) {}

  /**
   * @param path of the lock
   * @param what the file that it locks, for errors
   * @throws AlexNetError FETCH_FAILED where another process holds it; what the file system says.
   */
  static async take(path: string, what: string): Promise<LockFile> {
    const own: Holder = { pid: process.pid, host: hostname() };
    while (!(await create(path, JSON.stringify(own)))) {
      const holder = await holderOf(path);
      if (holder === "gone") continue;
      if (holder === "unknown" || !isDead(holder))
        throw pullErrors.locked(what, path, holder === "unknown" ? undefined : holder);
      await takeAway(path, holder, what);
    }
    return new LockFile(path);
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/** Whether there was no such file. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Unknown is one that has not written its name yet, or was killed before it had. */
async function holderOf(path: string): Promise<Holder | "gone" | "unknown"> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : "unknown";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "gone" : "unknown";
  }
}

/** Only of processes of this host can that be told. */
function isDead({ pid, host }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/**
 * Takes a dead process's lock away. Two that do so at once must not take away the lock that one of them has by then:
 * so that needs a lock of its own, under which it is looked once more whose the first one is.
 */
export async function takeAway(path: string, dead: Holder, what: string): Promise<void> {
  const removal = `${path}.${dead.pid}`;
  if (!(await create(removal, ""))) throw pullErrors.locked(what, removal, undefined);
  try {
    const holder = await holderOf(path);
    if (typeof holder === "object" && holder.pid === dead.pid && holder.host === dead.host)
      await rm(path, { force: true });
  } finally {
    await rm(removal, { force: true });
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;
