/** Ours beside the peers, round by round in one run, so that what the machine does meanwhile meets all of them. */
import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../lib/engine/engine.js";
import type { Network } from "../lib/network/layers.js";
import { bvlcAlexnet, caffenet } from "../lib/network/variants.js";
import { maxRelativeToLargest } from "../test/compare.js";
import { randomImages, withCheckedEngine } from "./checked-engine.js";
import type { BenchOptions } from "./options.js";
import { PeerProcess, type PeerChoice } from "./peer-process.js";
import type { Section } from "./report.js";
import { MILLISECOND_COLUMNS, millisecondFields, spreadOf } from "./statistics.js";

/** Each package with the exports that may be its best. */
const CHOICES: readonly PeerChoice[] = [
  { package: "onnxruntime-node", lrn: "operator" },
  { package: "onnxruntime-node", lrn: "elementary" },
  { package: "onnxruntime-web", lrn: "operator" },
  { package: "onnxruntime-web", lrn: "elementary" },
];

/** Of the largest logit: what a peer computes is the same network, or the comparison means nothing. */
const TOLERANCE = 1e-4;

/** Milliseconds between two turns; a peer's turn ends when its threads sleep (see peers/process.ts). */
const SETTLE = 50;

interface Contestant {
  readonly name: string;
  /** What it is a form of; only one of each is timed at length. */
  readonly kind: string;
  readonly logits: (images: number) => Promise<Float32Array>;
  /** Milliseconds of `runs` runs, behind one that is not timed: others have had the caches. */
  readonly time: (images: number, runs: number) => Promise<readonly number[]>;
}

interface Turns {
  readonly images: number;
  readonly rounds: number;
  /** Timed runs of a turn. */
  readonly runs: number;
}

const FULL: readonly Turns[] = [
  { images: 64, rounds: 7, runs: 1 },
  { images: 1, rounds: 9, runs: 20 },
];
const QUICK: readonly Turns[] = [
  { images: 3, rounds: 2, runs: 1 },
  { images: 1, rounds: 2, runs: 1 },
];

const COLUMNS = {
  batch: "batch",
  contestant: "contestant",
  ...MILLISECOND_COLUMNS,
  imagesPerSecond: "images/s",
  ratio: "ours is faster by",
  ratioMin: "at least",
  ratioMax: "at most",
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
      const contestants = [ours(network, engine), ...started.map(theirs)];
      const rows: Section["rows"][number][] = [];
      for (const turn of turns) {
        await checkLogits(contestants, turn.images);
        const best = await bestOfEachKind(contestants, turn);
        rows.push(...rowsOf(best, turn, await alternate(best, turn)));
      }
      const title = `peers, ${network.name}`;
      return { title, kernels: engine.kernels.set, threads, columns: COLUMNS, rows };
    });
  } finally {
    for (const peer of started) peer.stop();
  }
}

/** As a user calls it: a peer's run too takes a tensor and gives one. */
function ours(network: Network, engine: Engine): Contestant {
  return {
    name: `alexnet-threads, ${engine.kernels.set}`,
    kind: "alexnet-threads",
    logits: async (images) => (await engine.forward(randomImages(network, images))).data,
    time: async (images, runs) => {
      const input = randomImages(network, images);
      await engine.forward(input);
      const milliseconds: number[] = [];
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        await engine.forward(input);
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
  };
}

const theirs = (peer: PeerProcess): Contestant => ({
  name: peer.name,
  kind: peer.choice.package,
  logits: (images) => peer.logits(images),
  time: (images, runs) => peer.time(images, runs),
});

async function checkLogits([first, ...others]: readonly Contestant[], images: number): Promise<void> {
  const expected = await first.logits(images);
  for (const other of others) {
    const worst = maxRelativeToLargest(await other.logits(images), expected);
    if (!(worst <= TOLERANCE))
      throw new Error(
        `${other.name}: logits are ${worst} of the largest away from ours, more than ${TOLERANCE}`,
      );
  }
}

/** Runs of which the fastest decides between the forms of a peer's model. */
const TRIAL = 4;

/** Of the forms of a peer's model the one with the fastest run, in the order of the contestants. */
async function bestOfEachKind(contestants: readonly Contestant[], { images }: Turns): Promise<Contestant[]> {
  const best = new Map<string, { contestant: Contestant; ms: number }>();
  for (const contestant of contestants) {
    const ms = Math.min(...(await contestant.time(images, TRIAL)));
    if (ms < (best.get(contestant.kind)?.ms ?? Infinity)) best.set(contestant.kind, { contestant, ms });
  }
  return [...best.values()].map(({ contestant }) => contestant);
}

/** The median of every turn, by contestant and round. Who begins a round changes from round to round. */
async function alternate(
  contestants: readonly Contestant[],
  { images, rounds, runs }: Turns,
): Promise<number[][]> {
  const medians = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const at = (round + turn) % contestants.length;
      await pause(SETTLE);
      medians[at].push(spreadOf(await contestants[at].time(images, runs)).median);
    }
  return medians;
}

/** Ratios are taken round by round. */
function rowsOf(
  contestants: readonly Contestant[],
  { images }: Turns,
  medians: readonly (readonly number[])[],
): Section["rows"] {
  return contestants.map(({ name }, index) => {
    const spread = spreadOf(medians[index]);
    const ratio = spreadOf(medians[index].map((ms, round) => ms / medians[0][round]));
    return {
      batch: String(images),
      contestant: name,
      ...millisecondFields(spread),
      imagesPerSecond: (1000 * images) / spread.median,
      ...(index > 0 ? { ratio: ratio.median, ratioMin: ratio.min, ratioMax: ratio.max } : {}),
    };
  });
}
