/** The words behind `npm run bench --`. */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { KERNELS_OPTIONS, type KernelsOption } from "../lib/engine/choose-kernels.js";
import type { Network } from "../lib/network/layers.js";
import { defaultThreads, MAX_THREADS } from "../lib/plan/plan.js";
import { WEIGHTS_TYPES, type WeightsType } from "../lib/plan/weights-type.js";
import { networkByName } from "../lib/network/variants.js";
import { CONVOLUTIONS_OPTIONS } from "../lib/tuning/tuning.js";
import { smallNetwork } from "./small-network.js";

export const SUITES = [
  "machine",
  "kernels",
  "layers",
  "network",
  "scaling",
  "model",
  "training",
  "peers",
  "pipeline",
  "startup",
] as const;
export type SuiteName = (typeof SUITES)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Of the suites that nobody named, those that cannot run here or with these options, and why. */
  readonly leftOut: readonly LeftOut[];
  /** Every suite once with tiny sizes: that it runs and computes right, not how fast. */
  readonly quick: boolean;
  readonly threads: number;
  readonly kernels: KernelsOption;
  readonly convolutions: (typeof CONVOLUTIONS_OPTIONS)[number];
  readonly fcWeights: WeightsType;
  /** What --model names; where it is left out, each suite has its own. */
  readonly network: Network | undefined;
  /** A folder of photographs for the pipeline, which makes its own where this is left out. */
  readonly photos: string | undefined;
  /** Whether suites that run without peers may be beside them. */
  readonly peersInstalled: boolean;
}

export interface LeftOut {
  readonly suite: SuiteName;
  readonly reason: string;
}

export const USAGE = `npm run bench -- [SUITE ...] [OPTION ...]
  SUITE           ${SUITES.slice(0, 7).join(", ")},
                  ${SUITES.slice(7).join(", ")} (these beside peers, where they are installed);
                  all that can run where none is named
  --quick         a smoke test: every suite once, with a tiny network
  --threads N     1 to ${MAX_THREADS}, ${defaultThreads()} here where left out
  --kernels K     ${KERNELS_OPTIONS.join(", ")}; auto where left out
  --convolutions  ${CONVOLUTIONS_OPTIONS.join(", ")}; auto where left out
  --fc-weights    ${WEIGHTS_TYPES.join(", ")}; float32 where left out
  --model M       a published network, caffenet where left out; peers also compare bvlc-alexnet
  --photos DIR    photographs for pipeline, which makes 1,000 where this is left out
`;

const INSTALL_PEERS = "npm ci --ignore-scripts --prefix benchmarks/peers";
const peersInstalled = (): boolean =>
  existsSync(new URL("../../benchmarks/peers/node_modules", import.meta.url));

const BESIDE_PEERS: readonly SuiteName[] = ["peers", "pipeline", "startup"];
/** They run our command, which chooses for itself what the engine's options choose elsewhere. */
const WHOLE_COMMANDS: readonly SuiteName[] = ["pipeline", "startup"];

type Choices = Pick<BenchOptions, "threads" | "kernels" | "convolutions" | "fcWeights">;

/** Undefined for a suite that can run. */
function hindranceOf(
  suite: SuiteName,
  { threads, kernels, convolutions, fcWeights }: Choices,
  installed: boolean,
): string | undefined {
  if (BESIDE_PEERS.includes(suite) && !installed) return `peers are not installed: ${INSTALL_PEERS}`;
  if (suite === "scaling" && threads === 1) return "it needs --threads 2 or more";
  if (suite === "training" && fcWeights !== "float32")
    return "its weights are float32: leave --fc-weights out";
  if (WHOLE_COMMANDS.includes(suite) && convolutions !== "auto")
    return "the command has no --convolutions: leave it out";
  if (WHOLE_COMMANDS.includes(suite) && kernels === "reference")
    return "the command has no --kernels reference: leave it out";
  return undefined;
}

/** @throws Error with what is wrong, for an unknown word, option or value, or a suite that cannot run. */
export function readOptions(words: readonly string[], installed = peersInstalled()): BenchOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      threads: { type: "string", default: String(defaultThreads()) },
      kernels: { type: "string", default: "auto" },
      convolutions: { type: "string", default: "auto" },
      "fc-weights": { type: "string", default: "float32" },
      model: { type: "string" },
      photos: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw new RangeError(`--threads ${values.threads}: must be a whole number from 1 to ${MAX_THREADS}`);
  const choices = {
    threads,
    kernels: memberOf(KERNELS_OPTIONS, values.kernels, "--kernels"),
    convolutions: memberOf(CONVOLUTIONS_OPTIONS, values.convolutions, "--convolutions"),
    fcWeights: memberOf(WEIGHTS_TYPES, values["fc-weights"], "--fc-weights"),
  };
  const named = positionals.map((word) => memberOf(SUITES, word, "suite"));
  const hindrances = (named.length > 0 ? named : SUITES).map((suite) => ({
    suite,
    reason: hindranceOf(suite, choices, installed),
  }));
  const leftOut = hindrances.flatMap(({ suite, reason }) =>
    reason === undefined ? [] : [{ suite, reason }],
  );
  if (named.length > 0 && leftOut.length > 0) throw new Error(`${leftOut[0].suite}: ${leftOut[0].reason}`);
  const suites = hindrances.flatMap(({ suite, reason }) => (reason === undefined ? [suite] : []));
  const { quick, photos } = values;
  if (photos !== undefined && !suites.includes("pipeline"))
    throw new Error("--photos: is for the suite pipeline, which does not run");
  const chosen = values.model === undefined ? undefined : networkByName(values.model);
  const network = quick ? smallNetwork() : chosen;
  return { suites, leftOut, quick, ...choices, network, photos, peersInstalled: installed };
}

function memberOf<T extends string>(known: readonly T[], word: string, what: string): T {
  const found = known.find((name) => name === word);
  if (found === undefined) throw new RangeError(`${what} ${word}: must be one of ${known.join(", ")}`);
  return found;
}
