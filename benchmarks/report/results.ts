/** benchmarks/results: a JSON file for each suite and run, and one page made from all of them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pageOf } from "./page.js";
import type { Section } from "./section.js";
import type { Surroundings } from "./surroundings.js";

export interface Result {
  readonly suite: string;
  /** A smoke test, whose figures mean nothing. */
  readonly quick: boolean;
  readonly surroundings: Surroundings;
  readonly sections: readonly Section[];
}

/** A file in the folder that holds no result. */
export interface Unreadable {
  readonly file: string;
  readonly reason: string;
}

const RESULTS = new URL("../../../benchmarks/results/", import.meta.url);

/** Writes DATE-SUITE.json and gives its path. */
export function saveResult(result: Result): string {
  mkdirSync(RESULTS, { recursive: true });
  const date = result.surroundings.date.replaceAll(":", "-").slice(0, 19);
  const file = new URL(`${date}-${result.suite}.json`, RESULTS);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return fileURLToPath(file);
}

/** Writes index.html from every JSON file there is, and gives its path. */
export function savePage(): string {
  const results: Result[] = [];
  const unreadable: Unreadable[] = [];
  for (const file of readdirSync(RESULTS).filter((name) => name.endsWith(".json")))
    try {
      results.push(resultFrom(readFileSync(new URL(encodeURIComponent(file), RESULTS), "utf8")));
    } catch (error) {
      unreadable.push({ file, reason: error instanceof Error ? error.message : String(error) });
    }
  const page = new URL("index.html", RESULTS);
  writeFileSync(page, pageOf(results, unreadable));
  return fileURLToPath(page);
}

/**
 * A result from its JSON text.
 * @throws Error where a field that the page needs is missing or of another type: it may be a file of another version.
 */
export function resultFrom(text: string): Result {
  const result = recordFrom("the file", JSON.parse(text));
  const at = recordFrom("surroundings", result.surroundings);
  expectType("suite", result.suite, "string");
  expectType("quick", result.quick, "boolean");
  for (const field of ["date", "version", "node", "v8", "cpu", "platform"] as const)
    expectType(`surroundings.${field}`, at[field], "string");
  for (const field of ["cores", "memoryBytes"] as const)
    expectType(`surroundings.${field}`, at[field], "number");
  expectList("surroundings.flags", at.flags);
  for (const section of expectList("sections", result.sections).map((one) => recordFrom("a section", one))) {
    expectType("title", section.title, "string");
    expectType("threads", section.threads, "number");
    recordFrom("columns", section.columns);
    expectList("rows", section.rows).forEach((row) => recordFrom("a row", row));
    const chart = recordFrom("chart", section.chart);
    expectList("chart.label", chart.label);
    expectType("chart.value", chart.value, "string");
    expectType("chart.unit", chart.unit, "string");
  }
  return result as unknown as Result;
}

function recordFrom(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object`);
  return value as Record<string, unknown>;
}

function expectList(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} must be a list`);
  return value;
}

function expectType(what: string, value: unknown, type: "string" | "number" | "boolean"): void {
  if (typeof value !== type) throw new TypeError(`${what} must be a ${type}`);
}
