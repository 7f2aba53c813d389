/** Runs the real program as a user does: a process of its own, whose streams are pipes. */
import { spawn, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** Tests are compiled beside the program. */
export const MAIN = fileURLToPath(new URL("../../lib/cli/main.js", import.meta.url));
export const FIXTURES = fileURLToPath(new URL("../../../fixtures/", import.meta.url));

export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** What it reads on stdin; nothing where left out. */
  readonly stdin?: string;
  readonly cwd?: string;
}

/** A process that was started, and how it ends. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function start(args: readonly string[], { stdin = "", cwd }: CommandOptions = {}): Started {
  return startNode([MAIN, ...args], stdin, cwd);
}

export function startNode(args: readonly string[], stdin: string, cwd?: string): Started {
  const child = spawn(process.execPath, args, { stdio: "pipe", ...(cwd && { cwd }) });
  const read = (stream: NodeJS.ReadableStream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString("utf8");
  };
  const stdout = read(child.stdout);
  const stderr = read(child.stderr);
  // a program that does not read its stdin may be gone before it is written
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout: stdout(), stderr: stderr() });
    });
  });
  return { child, ended };
}

export const alexnet = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  start(args, options).ended;

/** The lines of a text that ends in a line break. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error(`the last line has no end: ${text.slice(-80)}`);
  return lines;
}

/** Runs command lines (words between blanks), as many at a time as there are cores; answers in their order. */
export async function runAll(lines: readonly string[], options?: CommandOptions): Promise<Ended[]> {
  const results: Ended[] = [];
  const waiting = lines.map((line, index) => ({ line, index }));
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      results[job.index] = await alexnet(job.line.split(" "), options);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}
