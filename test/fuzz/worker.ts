/** The thread that damages files and reads them, until it is stopped or finds something. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { Random } from "../random.js";
import { Coverage } from "./coverage.js";
import { mutate } from "./mutate.js";
import { LONGEST, MOST_MEMORY, readOrRefuse } from "./reading.js";

export interface FuzzTask {
  readonly seeds: readonly string[];
  /** What led to new blocks is kept here, for the next run. */
  readonly corpus: string;
  readonly seed: number;
  /** Where the damaged file is written before it is read: what is there when this thread hangs is the reason. */
  readonly damaged: string;
}

/** Posted now and then, and with `problem` when something is found. */
export interface FuzzReport {
  readonly runs: number;
  readonly refused: number;
  readonly corpus: number;
  readonly blocks: number;
  /** What the damaged file did. */
  readonly problem?: string;
}

const EVERY = 200;

const { seeds, corpus, seed, damaged } = workerData as FuzzTask;
const random = new Random(seed);

const coverage = await Coverage.start((url) => /\/lib\/(weights|network)\//.test(url));
const entries = [...seeds, ...readdirSync(corpus).map((name) => join(corpus, name))].map((file) =>
  readFileSync(file),
);
let runs = 0;
let refused = 0;

const report = (problem?: string): void => {
  const counts = { runs, refused, corpus: entries.length, blocks: coverage.size };
  parentPort?.postMessage({ ...counts, ...(problem !== undefined && { problem }) } satisfies FuzzReport);
};

async function run(bytes: Buffer): Promise<string | undefined> {
  writeFileSync(damaged, bytes);
  const before = process.memoryUsage().rss;
  const start = performance.now();
  try {
    if ((await readOrRefuse(damaged)) === "refused") refused++;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const took = performance.now() - start;
  if (took > LONGEST) return `took ${took.toFixed(0)} ms`;
  const grown = process.memoryUsage().rss - before;
  return grown > MOST_MEMORY ? `took ${(grown / 1e6).toFixed(0)} MB` : undefined;
}

/** What is found, if anything ever is; the file that did it is at `damaged`. */
async function fuzz(): Promise<string> {
  for (const bytes of entries) {
    const problem = await run(bytes);
    if (problem !== undefined) return problem;
    await coverage.grew();
  }
  for (;;) {
    const bytes = mutate(random.pick(entries), random.pick(entries), random);
    const problem = await run(bytes);
    runs++;
    if (problem !== undefined) return problem;
    if (await coverage.grew()) {
      entries.push(bytes);
      writeFileSync(join(corpus, `${seed}-${runs}`), bytes);
    }
    if (runs % EVERY === 0) report();
  }
}

report(await fuzz());
