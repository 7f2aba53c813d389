/** What a suite found: shown as tables, kept as JSON. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { left, measured, right, table } from "../lib/cli/table.js";
import { v8FlagsFor } from "../lib/cli/v8-flags.js";

export interface Section {
  readonly title: string;
  /** The kernel set that ran, or all that did. */
  readonly kernels: string;
  readonly threads: number;
  /** The fields of the rows in order, with what stands above them. */
  readonly columns: Readonly<Record<string, string>>;
  /** A field that a row does not have is one that means nothing there. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

export interface Surroundings {
  readonly date: string;
  readonly node: string;
  readonly v8: string;
  /** What the program has set, and what Node was started with. */
  readonly flags: readonly string[];
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
}

const CPU_INFO = "/proc/cpuinfo";

/** With family and model where Linux tells them: virtual machines hide them from the name, and speed goes by them. */
function processor(): string {
  const cpus = os.cpus();
  const name = cpus.length > 0 ? cpus[0].model.trim() : "unknown processor";
  const info = existsSync(CPU_INFO) ? readFileSync(CPU_INFO, "utf8") : "";
  const [family, model] = [/^cpu family\s*: (\d+)$/m, /^model\s*: (\d+)$/m].map(
    (line) => line.exec(info)?.[1],
  );
  return family !== undefined && model !== undefined ? `${name} (family ${family}, model ${model})` : name;
}

export function surroundings(): Surroundings {
  return {
    date: new Date().toISOString(),
    node: process.version,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...v8FlagsFor(process.versions.node, process.arch)],
    cpu: processor(),
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}

/** A section with the machine above it, ready to print. */
export function sectionText({ title, kernels, threads, columns, rows }: Section, at: Surroundings): string {
  const keys = Object.keys(columns);
  const isNumber = (key: string) => rows.some((row) => typeof row[key] === "number");
  const shown = (value: string | number | undefined): string =>
    typeof value === "number" ? measured(value) : (value ?? "");
  const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const machine = `${at.cpu}, ${plural(at.cores, "core")}, Node ${at.node.slice(1)}`;
  return [
    `\n${title}\n`,
    `${machine}, kernel set ${kernels}, ${plural(threads, "thread")}, ${at.date.slice(0, 10)}\n`,
    table(
      keys.map((key) => (isNumber(key) ? right(columns[key]) : left(columns[key]))),
      rows.map((row) => keys.map((key) => shown(row[key]))),
    ),
  ].join("");
}

const RESULTS = new URL("../../benchmarks/results/", import.meta.url);

/** Writes benchmarks/results/DATE-SUITE.json and gives its path. */
export function saveResults(
  suite: string,
  quick: boolean,
  at: Surroundings,
  sections: readonly Section[],
): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = new URL(`${at.date.replaceAll(":", "-").slice(0, 19)}-${suite}.json`, RESULTS);
  writeFileSync(file, `${JSON.stringify({ suite, quick, surroundings: at, sections }, null, 2)}\n`);
  return fileURLToPath(file);
}
