/** The words behind `npm run bench --`. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { KERNELS_OPTIONS, type KernelsOption } from "../lib/engine/choose-kernels.js";
import type { Network } from "../lib/network/layers.js";
import { CONVOLUTIONS_OPTIONS, type ConvolutionsOption } from "../lib/plan/algorithm.js";
import { MAX_THREADS } from "../lib/plan/plan.js";
import { networkByName } from "../lib/network/variants.js";
import { smallNetwork } from "./small-network.js";

export const SUITES = ["kernels", "layers", "network", "peers"] as const;
export type SuiteName = (typeof SUITES)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Every suite once with tiny sizes: that it runs and computes right, not how fast. */
  readonly quick: boolean;
  readonly threads: number;
  readonly kernels: KernelsOption;
  readonly convolutions: ConvolutionsOption;
  /** What --model names; where it is left out, each suite has its own. */
  readonly network: Network | undefined;
}

export const USAGE = `npm run bench -- [SUITE ...] [OPTION ...]
  SUITE           ${SUITES.join(", ")}; all of them where none is named, peers only where they are installed
  --quick         a smoke test: every suite once, with a tiny network
  --threads N     1 to ${MAX_THREADS}, ${availableParallelism()} here where left out
  --kernels K     ${KERNELS_OPTIONS.join(", ")}; auto where left out
  --convolutions  ${CONVOLUTIONS_OPTIONS.join(", ")}; auto where left out
  --model M       a published network, caffenet where left out; peers also compare bvlc-alexnet
`;

export const INSTALL_PEERS = "npm ci --ignore-scripts --prefix benchmarks/peers";
export const peersInstalled = (): boolean =>
  existsSync(new URL("../../benchmarks/peers/node_modules", import.meta.url));

/** @throws Error with what is wrong, for an unknown word, option or value. */
export function readOptions(words: readonly string[]): BenchOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      threads: { type: "string", default: String(availableParallelism()) },
      kernels: { type: "string", default: "auto" },
      convolutions: { type: "string", default: "auto" },
      model: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw new RangeError(`--threads ${values.threads}: must be a whole number from 1 to ${MAX_THREADS}`);
  const kernels = memberOf(KERNELS_OPTIONS, values.kernels, "--kernels");
  const convolutions = memberOf(CONVOLUTIONS_OPTIONS, values.convolutions, "--convolutions");
  const named = positionals.map((word) => memberOf(SUITES, word, "suite"));
  if (named.includes("peers") && !peersInstalled())
    throw new Error(`peers are not installed: ${INSTALL_PEERS}`);
  const suites = named.length > 0 ? named : SUITES.filter((suite) => suite !== "peers" || peersInstalled());
  const { quick } = values;
  const chosen = values.model === undefined ? undefined : networkByName(values.model);
  return { suites, quick, threads, kernels, convolutions, network: quick ? smallNetwork() : chosen };
}

function memberOf<T extends string>(known: readonly T[], word: string, what: string): T {
  const found = known.find((name) => name === word);
  if (found === undefined) throw new RangeError(`${what} ${word}: must be one of ${known.join(", ")}`);
  return found;
}
