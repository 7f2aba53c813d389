/** Our step of training beside a peer's inference of the same network, and beside what PyTorch's step once took. */
import { caffenet } from "../../lib/network/variants.js";
import type { Network } from "../../lib/network/layers.js";
import { checkLogits } from "../check-logits.js";
import { convolutionsOf, randomImages, withCheckedEngine } from "../checked-engine.js";
import type { BenchOptions } from "../options.js";
import { PeerProcess } from "../peer-process.js";
import { LRN_EXPORTS } from "../peers/onnx-model.js";
import { OURS, type Row, type Section } from "../report/section.js";
import { plural } from "../report/text.js";
import { alternate, bestOfEachKind, type Contestant } from "../rounds.js";
import {
  MILLISECOND_COLUMNS,
  millisecondFields,
  ratioColumns,
  ratioFields,
  ratioOf,
  spreadOf,
} from "../statistics.js";
import { withCheckedRunner, type CheckedRunner } from "./checked-runner.js";
import { readRecorded, type Recorded } from "./recorded.js";

const PEER = "onnxruntime-node";

interface Turns {
  readonly training: number;
  /** Images of a peer's run: its inference is no faster with more. */
  readonly inference: number;
  readonly rounds: number;
  /** Turns that decide between the forms of the peer's model. */
  readonly trials: number;
}

const FULL: Turns = { training: 128, inference: 64, rounds: 7, trials: 2 };
const QUICK: Turns = { training: 2, inference: 2, rounds: 2, trials: 1 };

const COLUMNS = {
  contestant: "contestant",
  batch: "batch",
  ...MILLISECOND_COLUMNS,
  imagesPerSecond: "images/s",
  ...ratioColumns("of inference's images/s"),
  recorded: "recorded on",
};

/** The peer has no row where it is not installed, PyTorch none beside another network than its own. */
export async function besideInferenceSection(options: BenchOptions): Promise<Section> {
  const network = options.network ?? caffenet();
  const turns = options.quick ? QUICK : FULL;
  const recorded = await readRecorded();
  const peers: PeerProcess[] = [];
  try {
    if (options.peersInstalled) {
      for (const lrn of LRN_EXPORTS)
        peers.push(await PeerProcess.start({ package: PEER, lrn }, network, options.threads));
      await checkPeers(peers, network, options);
    }
    return await withCheckedRunner(network, turns.training, options, async (checked) => {
      const { runner } = checked;
      const rows = [
        ...(await compare(checked, peers, turns)),
        ...(recorded.network === network.name ? [recordedRow(recorded)] : []),
      ];
      return {
        title: `training, a step of ${network.name} beside inference`,
        kernels: runner.kernels.set,
        convolutions: convolutionsOf(runner.plan.graph.forward),
        threads: options.threads,
        columns: Object.fromEntries(
          Object.entries(COLUMNS).filter(([field]) => rows.some((row) => field in row)),
        ),
        rows,
        chart: { label: ["contestant"], value: "imagesPerSecond", unit: "images/s" },
      };
    });
  } finally {
    for (const peer of peers) peer.stop();
  }
}

async function checkPeers(
  peers: readonly PeerProcess[],
  network: Network,
  options: BenchOptions,
): Promise<void> {
  const { data } = await withCheckedEngine(network, 1, options, (engine) =>
    engine.forward(randomImages(network, 1)),
  );
  await checkLogits([{ name: OURS, logits: () => Promise.resolve(data) }, ...peers], 1);
}

async function compare(
  { runner, step }: CheckedRunner,
  peers: readonly PeerProcess[],
  { training, inference, rounds, trials }: Turns,
): Promise<Row[]> {
  const ours: Contestant = {
    name: `${OURS}, training, ${runner.kernels.set}`,
    kind: OURS,
    measure: async () => {
      // not timed: others have had the caches
      await step();
      const start = performance.now();
      await step();
      return performance.now() - start;
    },
  };
  const theirs = peers.map((peer): Contestant => ({
    name: `${peer.name}, inference`,
    kind: PEER,
    measure: async () => spreadOf(await peer.time(inference, 1)).median,
  }));
  const contestants = [ours, ...(await bestOfEachKind(theirs, trials))];
  const times = await alternate(contestants, rounds);
  const batches = contestants.map(({ kind }) => (kind === OURS ? training : inference));
  const [ourRates, ...peerRates] = times.map((values, index) =>
    values.map((milliseconds) => (1000 * batches[index]) / milliseconds),
  );
  return contestants.map(({ name }, index) => ({
    ...rowOf(name, batches[index], times[index]),
    ...(index === 0 && peerRates.length > 0 ? ratioFields(ratioOf(ourRates, peerRates[0])) : {}),
  }));
}

const recordedRow = ({ name, date, batch, milliseconds, processor, threads }: Recorded): Row => ({
  ...rowOf(`${name}, training, recorded ${date}`, batch, milliseconds),
  recorded: `${processor}, ${plural(threads, "thread")}`,
});

function rowOf(contestant: string, batch: number, milliseconds: readonly number[]): Row {
  const spread = spreadOf(milliseconds);
  return {
    contestant,
    batch: String(batch),
    ...millisecondFields(spread),
    imagesPerSecond: (1000 * batch) / spread.median,
  };
}
