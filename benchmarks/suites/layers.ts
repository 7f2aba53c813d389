/** Where a batch's time goes, layer by layer, as the workers saw it. */
import type { Engine } from "../../lib/engine/engine.js";
import type { Times } from "../../lib/engine/times.js";
import { summarise } from "../../lib/network/summary.js";
import { caffenet } from "../../lib/network/variants.js";
import { engineFields, withCheckedEngine } from "../checked-engine.js";
import { measure } from "../measure.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { MILLISECOND_COLUMNS, millisecondFields, spreadOf, type Spread } from "../statistics.js";

const COLUMNS = { layer: "layer", ...MILLISECOND_COLUMNS, share: "% of total", gflops: "GFLOP/s" };

/** A section for each batch size. */
export async function layersSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  const batches = options.quick ? [1, 3] : [1, 16, 64];
  return withCheckedEngine(network, Math.max(...batches), options, async (engine) => {
    const sections: Section[] = [];
    for (const images of batches) {
      const runs: Times[] = [];
      const run = async () => {
        runs.push(await engine.time(images));
      };
      const onWarm = () => {
        runs.length = 0;
      };
      const title = `layers, ${network.name}, batch ${images}`;
      const [total] = await measure(title, [{ name: "Engine.time", run, onWarm }], options.quick);
      sections.push({
        title,
        ...engineFields(engine),
        threads: engine.threads,
        columns: COLUMNS,
        chart: { label: ["layer"], value: "medianMs", spread: ["minMs", "maxMs"], unit: "ms" },
        rows: rowsOf(engine, images, runs, total),
      });
    }
    return sections;
  });
}

/**
 * A layer's time is the mean over the workers, so that layers and waiting add up to what a worker does in all.
 * What the total has beyond that is the way of the task to the workers and of their answers back.
 */
function rowsOf(engine: Engine, images: number, runs: readonly Times[], total: Spread): Section["rows"] {
  const macs = new Map(summarise(engine.network).layers.map((layer) => [layer.name, layer.macs]));
  const mean = (times: Times, of: (worker: Times[number]) => number) =>
    times.reduce((sum, worker) => sum + of(worker), 0) / times.length;
  const row = (layer: string, spread: Spread, layerMacs = 0) => ({
    layer,
    ...millisecondFields(spread),
    share: (100 * spread.median) / total.median,
    ...(layerMacs > 0 ? { gflops: (2 * layerMacs * images) / spread.median / 1e6 } : {}),
  });
  const layers = engine.plan.graph.operations.map(({ index, layer: { name } }) => {
    const inOperation = (worker: Times[number]) =>
      worker.operations.reduce((sum, [operation, ms]) => sum + (operation === index ? ms : 0), 0);
    return row(name, spreadOf(runs.map((times) => mean(times, inOperation))), macs.get(name));
  });
  const waiting = spreadOf(runs.map((times) => mean(times, (worker) => worker.waiting)));
  const allMacs = summarise(engine.network).totals.macs;
  return [...layers, row("waiting", waiting), row("total", total, allMacs)];
}
