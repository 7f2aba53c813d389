/** What this machine gives WebAssembly at most: multiply-adds of one core, and bytes from shared memory. */
import { measurePeaks } from "../machine/peak.js";
import { measureStreaming } from "../machine/streaming.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { plural } from "../report/text.js";
import { MILLISECOND_COLUMNS, millisecondFields, spreadOf } from "../statistics.js";

const PEAK_COLUMNS = {
  loop: "in registers",
  set: "as kernel set",
  ...MILLISECOND_COLUMNS,
  gflops: "GFLOP/s at best",
};

const STREAMING_COLUMNS = {
  workers: "workers",
  megabytes: "MB read",
  ...MILLISECOND_COLUMNS,
  gigabytes: "GB/s",
};

export async function machineSuite({ quick, threads }: BenchOptions): Promise<Section[]> {
  const peaks = await measurePeaks(quick);
  const streaming = await measureStreaming(threads, quick);
  return [
    {
      title: "machine, multiply-adds that WebAssembly reaches",
      threads: 1,
      columns: PEAK_COLUMNS,
      chart: { label: ["loop"], value: "gflops", unit: "GFLOP/s" },
      rows: peaks.map(({ name, set, times, gflops }) => ({
        loop: name,
        set,
        ...millisecondFields(times),
        gflops,
      })),
    },
    {
      title: "machine, reading shared memory",
      threads,
      columns: STREAMING_COLUMNS,
      chart: { label: ["workers"], value: "gigabytes", unit: "GB/s" },
      rows: streaming.map(({ workers, bytes, times }) => {
        const spread = spreadOf(times);
        return {
          workers: plural(workers, "worker"),
          megabytes: String(bytes / 1e6),
          ...millisecondFields(spread),
          gigabytes: bytes / spread.median / 1e6,
        };
      }),
    },
  ];
}
