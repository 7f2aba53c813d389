/** Ours beside the peers: a tensor in, a tensor out. */
import type { Engine } from "../../lib/engine/engine.js";
import type { Network } from "../../lib/network/layers.js";
import { bvlcAlexnet, caffenet } from "../../lib/network/variants.js";
import { checkLogits } from "../check-logits.js";
import { engineFields, randomImages, timeForward, withCheckedEngine } from "../checked-engine.js";
import type { BenchOptions } from "../options.js";
import { PeerProcess, type PeerChoice } from "../peer-process.js";
import { OURS, type Section } from "../report/section.js";
import { alternate, bestOfEachKind } from "../rounds.js";
import {
  MILLISECOND_COLUMNS,
  millisecondFields,
  ratioColumns,
  ratioFields,
  ratioOf,
  spreadOf,
} from "../statistics.js";

/** Each package with the exports that may be its best. */
const CHOICES: readonly PeerChoice[] = [
  { package: "onnxruntime-node", lrn: "operator" },
  { package: "onnxruntime-node", lrn: "elementary" },
  { package: "onnxruntime-web", lrn: "operator" },
  { package: "onnxruntime-web", lrn: "elementary" },
];

interface Runner {
  readonly name: string;
  readonly kind: string;
  readonly logits: (images: number) => Promise<Float32Array>;
  /** Milliseconds of `runs` runs, behind one that is not timed: others have had the caches. */
  readonly time: (images: number, runs: number) => Promise<readonly number[]>;
}

interface Turns {
  readonly images: number;
  readonly rounds: number;
  /** Timed runs of a turn, of which the median counts. */
  readonly runs: number;
  /** Turns that decide between the forms of a peer's model. */
  readonly trials: number;
}

const FULL: readonly Turns[] = [
  { images: 1, rounds: 9, runs: 20, trials: 4 },
  { images: 16, rounds: 5, runs: 3, trials: 4 },
  { images: 64, rounds: 7, runs: 1, trials: 4 },
  { images: 128, rounds: 5, runs: 1, trials: 2 },
];
const QUICK: readonly Turns[] = [
  { images: 1, rounds: 2, runs: 1, trials: 1 },
  { images: 3, rounds: 2, runs: 1, trials: 1 },
];

const COLUMNS = {
  batch: "batch",
  contestant: "contestant",
  ...MILLISECOND_COLUMNS,
  imagesPerSecond: "images/s",
  ...ratioColumns("ours is faster by"),
};

/** A section for each network. */
export async function peersSuite(options: BenchOptions): Promise<Section[]> {
  const networks = options.network === undefined ? [caffenet(), bvlcAlexnet()] : [options.network];
  const sections: Section[] = [];
  for (const network of networks) sections.push(await compare(network, options));
  return sections;
}

async function compare(network: Network, options: BenchOptions): Promise<Section> {
  const { threads, quick } = options;
  const turns = quick ? QUICK : FULL;
  const started: PeerProcess[] = [];
  try {
    for (const choice of CHOICES) started.push(await PeerProcess.start(choice, network, threads));
    const largest = Math.max(...turns.map(({ images }) => images));
    return await withCheckedEngine(network, largest, options, async (engine) => {
      const runners = [ours(network, engine), ...started.map(theirs)];
      const rows: Section["rows"][number][] = [];
      for (const turn of turns) rows.push(...(await compareBatch(runners, turn)));
      return {
        title: `peers, ${network.name}`,
        ...engineFields(engine),
        threads,
        columns: COLUMNS,
        rows,
        chart: { group: "batch", label: ["contestant"], value: "imagesPerSecond", unit: "images/s" },
      };
    });
  } finally {
    for (const peer of started) peer.stop();
  }
}

/** As a user calls it: a peer's run too takes a tensor and gives one. */
const ours = (network: Network, engine: Engine): Runner => ({
  name: `${OURS}, ${engine.kernels.set}`,
  kind: OURS,
  logits: async (images) => (await engine.forward(randomImages(network, images))).data,
  time: (images, runs) => timeForward(engine, images, runs),
});

const theirs = (peer: PeerProcess): Runner => ({
  name: peer.name,
  kind: peer.choice.package,
  logits: (images) => peer.logits(images),
  time: (images, runs) => peer.time(images, runs),
});

async function compareBatch(runners: readonly Runner[], turns: Turns): Promise<Section["rows"]> {
  const { images, rounds, runs, trials } = turns;
  await checkLogits(runners, images);
  const contestants = runners.map(({ name, kind, time }) => ({
    name,
    kind,
    measure: async () => spreadOf(await time(images, runs)).median,
  }));
  const best = await bestOfEachKind(contestants, trials);
  const times = await alternate(best, rounds);
  return best.map(({ name }, index) => {
    const spread = spreadOf(times[index]);
    return {
      batch: String(images),
      contestant: name,
      ...millisecondFields(spread),
      imagesPerSecond: (1000 * images) / spread.median,
      ...(index > 0 ? ratioFields(ratioOf(times[index], times[0])) : {}),
    };
  });
}
