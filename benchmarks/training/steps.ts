/** One step of training: forward, backward, update, of images that lie in the shared memory. */
import type { Network } from "../../lib/network/layers.js";
import { SMALL_NETWORKS } from "../../lib/network/small.js";
import { caffenet } from "../../lib/network/variants.js";
import { convolutionsOf } from "../checked-engine.js";
import type { Peak } from "../machine/peak.js";
import { measure } from "../measure.js";
import type { BenchOptions } from "../options.js";
import type { Row, Section } from "../report/section.js";
import { winogradText } from "../report/text.js";
import { smallNetwork } from "../small-network.js";
import { MILLISECOND_COLUMNS, millisecondFields } from "../statistics.js";
import { withCheckedRunner } from "./checked-runner.js";
import { peakOf, WORK_COLUMNS, workFields } from "./work.js";

const COLUMNS = {
  network: "network",
  batch: "batch",
  ...MILLISECOND_COLUMNS,
  ...WORK_COLUMNS,
  megabytes: "memory MB",
  winograd: "by Winograd",
};

const BATCH = 128;

const networksOf = ({ network, quick }: BenchOptions): readonly Network[] =>
  quick ? [smallNetwork()] : [network ?? caffenet(), SMALL_NETWORKS.cifar10(), SMALL_NETWORKS.mnist()];

export async function stepsSection(options: BenchOptions, peaks: readonly Peak[]): Promise<Section> {
  const { quick, threads } = options;
  const batch = quick ? 2 : BATCH;
  const rows: Row[] = [];
  const sets = new Set<string>();
  for (const network of networksOf(options))
    await withCheckedRunner(network, batch, options, async ({ runner, step }) => {
      const title = `training, ${network.name}, batch ${batch}`;
      const [times] = await measure(title, [{ name: "step", run: step }], quick);
      const { set } = runner.kernels;
      sets.add(set);
      rows.push({
        network: network.name,
        batch: String(batch),
        ...millisecondFields(times),
        ...workFields(network, batch, times.median, peakOf(peaks, set, threads)),
        megabytes: runner.plan.layout.bytes / 1e6,
        winograd: winogradText(convolutionsOf(runner.plan.graph.forward)),
      });
    });
  return {
    title: "training, steps",
    kernels: [...sets].join(", "),
    threads,
    columns: COLUMNS,
    rows,
    chart: { label: ["network"], value: "imagesPerSecond", unit: "images/s" },
  };
}
