/** `npm run fuzz -- FORMAT`: damages files of a format, guided by what they make the readers do, until it is stopped. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { testSeed } from "../random.js";
import type { FuzzReport, FuzzTask } from "./worker.js";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
/** Valid files of each format, below fixtures. */
const SEEDS: Readonly<Record<string, readonly [folder: string, names: RegExp]>> = {
  safetensors: ["weights", /\.safetensors$/],
  "torch-zip": ["weights", /^torch-.*\.pth$/],
  "torch-legacy": ["weights", /^legacy-.*\.pth$/],
  "torch-tar": ["weights", /^tar-.*\.pth$/],
  npy: ["weights", /^numpy-.*\.npy$/],
  npz: ["weights", /^numpy-.*\.npz$/],
  caffemodel: ["caffe", /\.caffemodel$/],
  onnx: ["onnx", /\.onnx$/],
};

/** Milliseconds without a report after which a file is taken to make the reader hang. */
const PATIENCE = 20_000;

const USAGE = `npm run fuzz -- FORMAT [--seconds N] [--seed N]
  FORMAT       ${Object.keys(SEEDS).join(", ")}
  --seconds N  how long; until Ctrl-C where left out
  --seed N     repeats a run
What leads the readers to new places is kept in fixtures/fuzz/FORMAT; a file that breaks a rule is kept in
fixtures/fuzz/FORMAT-found, and ends the run with exit code 1.
`;

function usage(problem: string): never {
  process.stderr.write(`${problem}\n\n${USAGE}`);
  process.exit(2);
}

function options(): { format: string; seconds: number; seed: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string" }, seed: { type: "string" } },
  });
  const [format] = positionals;
  if (positionals.length !== 1 || !Object.hasOwn(SEEDS, format)) usage("name one format");
  const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
  const seed = values.seed === undefined ? testSeed() : Number(values.seed);
  if (!(seconds > 0)) usage("--seconds must be above 0");
  if (!Number.isSafeInteger(seed)) usage("--seed must be a whole number");
  return { format, seconds, seed };
}

const { format, seconds, seed } = options();
const corpus = join(FIXTURES, "fuzz", format);
const found = `${corpus}-found`;
mkdirSync(corpus, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "alexnet-fuzz-"));
const damaged = join(folder, "damaged");
const [seedFolder, names] = SEEDS[format];
const seeds = readdirSync(join(FIXTURES, seedFolder))
  .filter((name) => names.test(name))
  .map((name) => join(FIXTURES, seedFolder, name));
const workerData: FuzzTask = { seeds, corpus, seed, damaged };
const worker = new Worker(new URL("worker.js", import.meta.url), {
  workerData,
  // a reader that takes all memory ends the thread, not the program
  resourceLimits: { maxOldGenerationSizeMb: 512 },
});
const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 1000;
let last: FuzzReport = { runs: 0, refused: 0, corpus: seeds.length, blocks: 0 };

function line({ runs, refused, corpus: entries, blocks }: FuzzReport): string {
  const rate = (runs / elapsed()).toFixed(0);
  return `${format}, seed ${seed}: ${runs} files (${rate}/s), ${refused} refused, corpus ${entries}, ${blocks} blocks`;
}

async function end(problem?: string): Promise<never> {
  await worker.terminate();
  process.stdout.write(`${line(last)}\n`);
  if (problem !== undefined) {
    mkdirSync(found, { recursive: true });
    const kept = join(found, `${seed}-${last.runs}`);
    if (existsSync(damaged)) copyFileSync(damaged, kept);
    process.stdout.write(`FOUND: ${problem}\nkept as ${kept}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit(problem === undefined ? 0 : 1);
}

let heard = performance.now();
let shown = 0;
worker.on("message", (report: FuzzReport) => {
  last = report;
  heard = performance.now();
  if (report.problem !== undefined) void end(report.problem);
  else if (elapsed() - shown > 5) {
    shown = elapsed();
    process.stdout.write(`${line(report)}\n`);
  }
});
worker.on("error", (error) => void end(`the reading thread ended: ${error.stack ?? error.message}`));
process.on("SIGINT", () => void end());
setInterval(() => {
  if (elapsed() > seconds) void end();
  else if (performance.now() - heard > PATIENCE) void end(`no answer for ${PATIENCE} ms`);
}, 250);
