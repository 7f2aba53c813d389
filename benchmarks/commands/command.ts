/** A whole program as a child process with Node's default flags, timed from its start. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** What stands behind `node`. */
export type Command = readonly string[];

export interface Timed {
  /** Milliseconds from the start to the first bytes on stdout; undefined where there were none. */
  readonly firstOutput: number | undefined;
  /** Milliseconds from the start to the end of the process. */
  readonly whole: number;
  readonly stdout: string;
}

/** @throws Error with its stderr, where it does not end with exit code 0. */
export async function timeCommand(command: Command): Promise<Timed> {
  const start = performance.now();
  let firstOutput: number | undefined;
  const child = spawnNode(command, ["ignore", "pipe", "pipe"]);
  child.stdout?.once("data", () => (firstOutput = performance.now() - start));
  const [[code, signal], stdout, stderr] = await Promise.all([
    ended(child),
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  const whole = performance.now() - start;
  if (code !== 0) throw new Error(`${command.join(" ")}: ended with ${signal ?? code ?? ""}\n${stderr}`);
  return { firstOutput, whole, stdout };
}

const PEAK_MEMORY = new URL("peak-memory.js", import.meta.url).href;

/**
 * The most bytes that were resident at any time in the process's life, which it tells itself when it ends.
 * @throws Error with its stderr, where it does not end with exit code 0.
 */
export async function peakMemoryOf(command: Command): Promise<number> {
  const child = spawnNode(["--import", PEAK_MEMORY, ...command], ["ignore", "ignore", "pipe", "pipe"]);
  const [[code, signal], stderr, told] = await Promise.all([
    ended(child),
    textOf(child.stderr),
    textOf(child.stdio[3]),
  ]);
  const bytes = Number(told);
  if (code !== 0 || !(bytes > 0))
    throw new Error(
      `${command.join(" ")}: ended with ${signal ?? code ?? ""}, peak memory "${told}"\n${stderr}`,
    );
  return bytes;
}

/** The file of a compiled module, for a command. */
export const scriptPath = (relative: string, from: string): string => fileURLToPath(new URL(relative, from));

/** A child that does not outlive this process. */
function spawnNode(command: Command, stdio: ("ignore" | "pipe")[]): ChildProcess {
  const child = spawn(process.execPath, command, { stdio });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.off("exit", kill));
  return child;
}

async function ended(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return [code, signal];
}

/** Of an output that was asked for as a pipe. */
async function textOf(stream: unknown): Promise<string> {
  if (!(stream instanceof Readable)) throw new Error("the child has no such pipe");
  return text(stream);
}
