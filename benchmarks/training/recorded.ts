/** What peers/pytorch.py measured, as benchmarks/peers/pytorch.json keeps it: torch is no package of npm's. */
import { readFile } from "node:fs/promises";
import { peersFolder } from "../peers/onnxruntime.js";

export interface Recorded {
  /** torch, with its version. */
  readonly name: string;
  readonly network: string;
  readonly batch: number;
  readonly threads: number;
  readonly processor: string;
  /** YYYY-MM-DD */
  readonly date: string;
  /** Of each step. */
  readonly milliseconds: readonly number[];
}

export const RECORDED = new URL("pytorch.json", peersFolder);

/** @throws Error where the file cannot be read, or as `recordedFrom`. */
export const readRecorded = async (): Promise<Recorded> => recordedFrom(await readFile(RECORDED, "utf8"));

const SCRIPT = "it must be what peers/pytorch.py prints";

/** @throws TypeError naming the field that is missing or of another kind. */
export function recordedFrom(text: string): Recorded {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new TypeError(`pytorch.json: no object; ${SCRIPT}`);
  const fields = value as Readonly<Record<string, unknown>>;
  const take = <T>(field: keyof Recorded, rule: string, is: (got: unknown) => got is T): T => {
    const got = fields[field];
    if (is(got)) return got;
    throw new TypeError(`pytorch.json: ${field} is ${JSON.stringify(got)}, must be ${rule}; ${SCRIPT}`);
  };
  return {
    name: take("name", "a name", isName),
    network: take("network", "a name", isName),
    batch: take("batch", "a whole number from 1", isCount),
    threads: take("threads", "a whole number from 1", isCount),
    processor: take("processor", "a name", isName),
    date: take("date", "a date as 2026-11-30", isDate),
    milliseconds: take("milliseconds", "a list of numbers above 0", areTimes),
  };
}

const isName = (got: unknown): got is string => typeof got === "string" && got !== "";
const isCount = (got: unknown): got is number => Number.isInteger(got) && (got as number) >= 1;
const isDate = (got: unknown): got is string => typeof got === "string" && /^\d{4}-\d{2}-\d{2}$/.test(got);
const areTimes = (got: unknown): got is readonly number[] =>
  Array.isArray(got) && got.length > 0 && got.every((time) => Number.isFinite(time) && (time as number) > 0);
