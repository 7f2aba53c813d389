/** The whole network: an ndarray in, an ndarray out. */
import { caffenet } from "../../lib/network/variants.js";
import { engineFields, randomImages, withCheckedEngine } from "../checked-engine.js";
import { measure } from "../measure.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { MILLISECOND_COLUMNS, millisecondFields } from "../statistics.js";

const COLUMNS = { batch: "batch", what: "timed", ...MILLISECOND_COLUMNS, imagesPerSecond: "images/s" };

export async function networkSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  const batches = options.quick ? [1, 3] : [1, 16, 64, 128];
  const rows: Section["rows"][number][] = [];
  const ran = await withCheckedEngine(network, Math.max(...batches), options, async (engine) => {
    for (const images of batches) {
      const input = randomImages(network, images);
      const cases = [
        { name: "forward", run: () => engine.forward(input) },
        // what the input tensor holds, without copies in and out
        { name: "workers alone", run: () => engine.time(images) },
      ];
      const spreads = await measure(`network, ${network.name}, batch ${images}`, cases, options.quick);
      cases.forEach(({ name }, index) => {
        const { median } = spreads[index];
        const times = millisecondFields(spreads[index]);
        rows.push({ batch: String(images), what: name, ...times, imagesPerSecond: (1000 * images) / median });
      });
    }
    return engineFields(engine);
  });
  return [
    {
      title: `network, ${network.name}`,
      ...ran,
      threads: options.threads,
      columns: COLUMNS,
      rows,
      chart: { group: "batch", label: ["what"], value: "imagesPerSecond", unit: "images/s" },
    },
  ];
}
