/** How a convolution is computed: directly, or by Winograd's minimal filtering where that saves multiplications. */
import { PLANES } from "../../workers/winograd.js";
import { engineErrors } from "../errors/engine.js";
import type { Convolution, Network } from "../network/layers.js";
import type { ShapedLayer } from "../network/shapes.js";

export type ConvolutionAlgorithm = "direct" | "winograd";

/** Milliseconds of the same convolution by each algorithm. */
export type AlgorithmTimes = Readonly<Record<ConvolutionAlgorithm, number>>;

/**
 * How a plan's convolutions are computed: all "direct", all by "winograd" where that is possible, by the "rule", or
 * layer by layer: as asked, or as times say. Layers that are not named go by the rule.
 */
export type PlannedConvolutions =
  "rule" | ConvolutionAlgorithm | Readonly<Record<string, ConvolutionAlgorithm | AlgorithmTimes>>;

/** The words of PlannedConvolutions. */
export const PLANNED_CONVOLUTIONS = ["rule", "direct", "winograd"] as const;

/** Why a layer is computed as it is. */
export type AlgorithmReason =
  /** Winograd cannot compute it. */
  | { readonly kind: "only" }
  | { readonly kind: "forced" }
  /** Of the direct multiplications, the share that Winograd needs. */
  | { readonly kind: "rule"; readonly share: number }
  | { readonly kind: "measured"; readonly times: AlgorithmTimes };

export interface AlgorithmChoice {
  readonly algorithm: ConvolutionAlgorithm;
  readonly reason: AlgorithmReason;
}

/** Tiles of m x m outputs, each from one 7 x 7 window: m is 5 for 3 x 3 filters and 3 for 5 x 5. */
export interface Winograd {
  /** Taps of a filter's row. */
  readonly taps: 3 | 5;
  readonly outputs: 3 | 5;
  readonly tileRows: number;
  readonly tileColumns: number;
  /**
   * The stride. Above 1, a filter of k x k pixels is one of ceil(k / stride) squared blocks, which go by one at a
   * time over the space-to-depth input: conv1's 11 x 11 with stride 4 is 3 x 3 with stride 1 over 48 channels.
   */
  readonly blockSize: number;
}

/** A convolution that Winograd can compute, and what the rule looks at. */
interface Candidate {
  readonly winograd: Winograd;
  /** Of the direct multiplications. */
  readonly share: number;
  /** Of one tower, the fewer of those that are read and those that are written. */
  readonly channels: number;
}

/** The transforms take channels by eight. */
const LANES = 8;
/** Fewer channels than this, and the transforms cost what the multiplications save. */
const WORTH_CHANNELS = 32;
/** Of the direct multiplications, what Winograd may need at most to be worth its transforms. */
const WORTH_SHARE = 0.6;
/** Of the rule's algorithm's time, what the other must be below: less is within what times differ by. */
const CLEARLY_FASTER = 0.9;

/**
 * The choice for a convolution, and its tiles where that is Winograd. `arranged` says whether its input is the
 * network's, which can be arranged in blocks; maps between layers cannot.
 * @throws AlexNetError OPTION_INVALID where Winograd is asked for by the layer's name and cannot compute it.
 */
export function algorithmFor(
  shaped: ShapedLayer<Convolution>,
  towers: { readonly input: number; readonly output: number },
  convolutions: PlannedConvolutions,
  arranged: boolean,
): { readonly choice: AlgorithmChoice; readonly winograd?: Winograd } {
  const { name } = shaped.layer;
  const named = typeof convolutions === "object" && Object.hasOwn(convolutions, name);
  const wanted = typeof convolutions === "object" ? (named ? convolutions[name] : "rule") : convolutions;
  const candidate = candidateFor(shaped, towers, arranged);
  if (candidate === undefined) {
    if (named && wanted === "winograd") throw engineErrors.winogradImpossible(name);
    return { choice: { algorithm: "direct", reason: { kind: "only" } } };
  }
  const choice = chosen(candidate, wanted);
  return choice.algorithm === "direct" ? { choice } : { choice, winograd: candidate.winograd };
}

/** @throws AlexNetError OPTION_INVALID for a word, a layer or a value that there is not. */
export function checkConvolutions(
  convolutions: unknown,
  network: Network,
  words: readonly string[] = PLANNED_CONVOLUTIONS,
): void {
  if (typeof convolutions === "string" && words.includes(convolutions)) return;
  const names = network.layers.flatMap(({ type, name }) => (type === "convolution" ? [name] : []));
  if (typeof convolutions !== "object" || convolutions === null)
    throw engineErrors.convolutions(convolutions, words, names);
  for (const [name, wanted] of Object.entries(convolutions)) {
    if (!names.includes(name)) throw engineErrors.convolutions(name, words, names);
    if (wanted !== "direct" && wanted !== "winograd" && !areTimes(wanted))
      throw engineErrors.convolutionOf(name, wanted);
  }
}

function areTimes(value: unknown): value is AlgorithmTimes {
  if (typeof value !== "object" || value === null) return false;
  const { direct, winograd } = value as Partial<AlgorithmTimes>;
  return [direct, winograd].every((time) => typeof time === "number" && time > 0);
}

function chosen(
  { share, channels }: Candidate,
  wanted: "rule" | ConvolutionAlgorithm | AlgorithmTimes,
): AlgorithmChoice {
  if (wanted === "direct" || wanted === "winograd") return { algorithm: wanted, reason: { kind: "forced" } };
  const worth = share <= WORTH_SHARE && channels >= WORTH_CHANNELS;
  const [ruled, other] = worth ? (["winograd", "direct"] as const) : (["direct", "winograd"] as const);
  if (wanted === "rule") return { algorithm: ruled, reason: { kind: "rule", share } };
  const algorithm = wanted[other] < CLEARLY_FASTER * wanted[ruled] ? other : ruled;
  return { algorithm, reason: { kind: "measured", times: wanted } };
}

/** Undefined where Winograd cannot compute the convolution. */
function candidateFor(
  { layer, input, output }: ShapedLayer<Convolution>,
  towers: { readonly input: number; readonly output: number },
  arranged: boolean,
): Candidate | undefined {
  const [kernel, width] = layer.kernel;
  const [stride, columnStride] = layer.stride;
  if (kernel !== width || stride !== columnStride) return undefined;
  if (stride > 1 && !(arranged && layer.groups === 1 && towers.input === 1)) return undefined;
  const taps = Math.ceil(kernel / stride);
  if (taps !== 3 && taps !== 5) return undefined;
  const channels = [(input[0] * stride * stride) / towers.input, output[0] / towers.output];
  if (channels.some((count) => count % LANES !== 0)) return undefined;
  const outputs = taps === 3 ? 5 : 3;
  const tileRows = Math.ceil(output[1] / outputs);
  const tileColumns = Math.ceil(output[2] / outputs);
  const products = PLANES * tileRows * tileColumns * stride * stride;
  const share = products / (kernel * kernel * output[1] * output[2]);
  const winograd: Winograd = { taps, outputs, tileRows, tileColumns, blockSize: stride };
  return { winograd, share, channels: Math.min(...channels) };
}
