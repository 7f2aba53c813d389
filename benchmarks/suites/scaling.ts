/** One thread beside all of them: two engines in one run, which take turns. */
import { caffenet } from "../../lib/network/variants.js";
import { engineFields, timeForward, withCheckedEngine } from "../checked-engine.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { plural } from "../report/text.js";
import { alternate } from "../rounds.js";
import {
  MILLISECOND_COLUMNS,
  millisecondFields,
  ratioColumns,
  ratioFields,
  ratioOf,
  spreadOf,
} from "../statistics.js";

const COLUMNS = {
  batch: "batch",
  workers: "threads",
  ...MILLISECOND_COLUMNS,
  imagesPerSecond: "images/s",
  ...ratioColumns("faster than one by"),
};

export async function scalingSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  const images = options.quick ? 3 : 64;
  const rounds = options.quick ? 2 : 7;
  const section = await withCheckedEngine(network, images, { ...options, threads: 1 }, (one) =>
    withCheckedEngine(network, images, options, async (all) => {
      const engines = [one, all];
      const times = await alternate(
        engines.map((engine) => ({
          name: String(engine.threads),
          kind: String(engine.threads),
          measure: async () => spreadOf(await timeForward(engine, images, 1)).median,
        })),
        rounds,
      );
      return {
        title: `scaling, ${network.name}`,
        // both have the same: they are measured once
        ...engineFields(all),
        threads: options.threads,
        columns: COLUMNS,
        chart: { group: "batch", label: ["workers"], value: "imagesPerSecond", unit: "images/s" },
        rows: engines.map((engine, index) => {
          const spread = spreadOf(times[index]);
          return {
            batch: String(images),
            workers: plural(engine.threads, "thread"),
            ...millisecondFields(spread),
            imagesPerSecond: (1000 * images) / spread.median,
            ...(index > 0 ? ratioFields(ratioOf(times[0], times[index])) : {}),
          };
        }),
      };
    }),
  );
  return [section];
}
