/** A result with everything that a page shows. */
import type { Result } from "../../../benchmarks/report/results.js";
import type { Section } from "../../../benchmarks/report/section.js";

export const section = (more: Partial<Section> = {}): Section => ({
  title: "peers, small",
  kernels: "wide",
  threads: 2,
  columns: { batch: "batch", contestant: "contestant", rate: "images/s" },
  rows: [
    { batch: "1", contestant: "alexnet-threads, wide", rate: 200 },
    { batch: "1", contestant: "another", rate: 100 },
    { batch: "64", contestant: "alexnet-threads, wide", rate: 400 },
  ],
  chart: { group: "batch", label: ["contestant"], value: "rate", unit: "images/s" },
  ...more,
});

export const result = (more: Partial<Result> = {}, date = "2026-01-02T03:04:05.678Z"): Result => ({
  suite: "peers",
  quick: false,
  surroundings: {
    date,
    version: "1.2.3",
    node: "v20.20.2",
    v8: "11.3",
    flags: ["--a-flag"],
    cpu: "A processor",
    cores: 2,
    memoryBytes: 2 ** 34,
    platform: "linux x64",
  },
  sections: [section()],
  ...more,
});

/** What stands between tags, with entities still in it, and every attribute's value. */
export const attributesOf = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value]) => value);
