/** More cores than there are here, reckoned: see ../model/model.ts. */
import type { WorkerTimes } from "../../lib/engine/times.js";
import { summarise } from "../../lib/network/summary.js";
import { caffenet } from "../../lib/network/variants.js";
import { makePlan } from "../../lib/plan/plan.js";
import { timeForward, withCheckedEngine } from "../checked-engine.js";
import { measureStreaming } from "../machine/streaming.js";
import { measureMeeting } from "../model/meeting.js";
import { predict, type Measured } from "../model/model.js";
import type { BenchOptions } from "../options.js";
import type { Section } from "../report/section.js";
import { plural } from "../report/text.js";
import { spreadOf } from "../statistics.js";

const COLUMNS = {
  workers: "threads",
  computing: "computing ms",
  meetings: "meetings",
  meeting: "meeting ms",
  reading: "reading weights ms",
  serial: "serial ms",
  total: "total ms",
  imagesPerSecond: "images/s",
  speedUp: "faster than one by",
  efficiency: "% of linear",
  binds: "most time",
};
const THREADS = [1, 2, 4, 8, 16, 64];

export async function modelSuite(options: BenchOptions): Promise<Section[]> {
  const network = options.network ?? caffenet();
  const images = options.quick ? 3 : 64;
  const { measured, kernels, ...planned } = await measure(options, images);
  const predictions = THREADS.map((threads) =>
    predict(makePlan({ ...planned, network, threads, maxBatch: images }), images, measured),
  );
  const { parameters } = summarise(network).totals;
  return [
    {
      title: `model, ${network.name}, batch ${images}, ${Math.round(parameters / 1e6)} M parameters, memory read at ${measured.bandwidth.toFixed(1)} GB/s`,
      kernels,
      threads: options.threads,
      columns: COLUMNS,
      chart: { label: ["workers"], value: "imagesPerSecond", unit: "images/s" },
      rows: predictions.map(({ threads, ...parts }) => ({
        workers: plural(threads, "thread"),
        ...parts,
        imagesPerSecond: (1000 * images) / parts.total,
        speedUp: predictions[0].total / parts.total,
        efficiency: (100 * predictions[0].total) / parts.total / threads,
      })),
    },
  ];
}

async function measure(options: BenchOptions, images: number) {
  const network = options.network ?? caffenet();
  const runs = options.quick ? 1 : 7;
  const streaming = await measureStreaming(options.threads, options.quick);
  if (streaming.length === 0) throw new Error("the reading of memory cannot be measured here");
  const all = streaming[streaming.length - 1];
  const meeting = await measureMeeting(Math.min(options.threads, 2), options.quick);
  return withCheckedEngine(network, images, { ...options, threads: 1 }, async (engine) => {
    const forward = spreadOf(await timeForward(engine, images, runs)).median;
    const timed: WorkerTimes[] = [];
    for (let run = 0; run < runs; run++) timed.push((await engine.time(images))[0]);
    const busy = ({ operations }: WorkerTimes) => operations.reduce((sum, [, ms]) => sum + ms, 0);
    timed.sort((a, b) => busy(a) - busy(b));
    const one = timed[Math.floor(timed.length / 2)];
    const measured: Measured = {
      one,
      serial: Math.max(0, forward - busy(one)),
      meeting,
      bandwidth: all.bytes / spreadOf(all.times).median / 1e6,
    };
    const { convolutions } = engine.tuning;
    const { fcWeights } = options;
    return { measured, kernels: engine.kernels.set, tile: engine.plan.tile, convolutions, fcWeights };
  });
}
