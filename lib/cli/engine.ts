/** An engine from the options that score and features share. */
import { cliErrors } from "../errors/cli.js";
import type { Trace } from "../engine/trace.js";
import type { Network } from "../network/layers.js";
import type { Preprocessing } from "../network/preprocessing.js";
import { MODEL_NAMES } from "../network/variants.js";
import type { WeightsType } from "../plan/weights-type.js";
import { createEngine, type ScoringEngine } from "../scoring/scoring-engine.js";
import { loadMean, loadWeights, resolveNetwork, withMean, type Weights } from "../weights/index.js";
import type { ConvolutionsOption } from "../tuning/tuning.js";
import { loadOptionsOf, type KernelsChoice, type WeightsFlags } from "./options.js";

export interface EngineFlags extends WeightsFlags {
  /** A mean file. */
  readonly mean?: string;
  readonly threads?: number;
  readonly batch?: number;
  readonly kernels: KernelsChoice;
  readonly convolutions: ConvolutionsOption;
  /** False where none is wanted, undefined for the default. */
  readonly tuningFile?: string | false;
  readonly fcWeights: WeightsType;
}

/** Images in a batch where nothing is said: fewer are slower, more cost memory and gain little. */
const DEFAULT_BATCH = 64;

/** Weights, the network that they are for and how it wants its images. */
export interface Model {
  readonly weights: Weights;
  readonly network: Network;
  readonly preprocessing: Preprocessing;
}

/**
 * @throws AlexNetError as `loadWeights`, `resolveNetwork`, `loadMean` and `withMean`; WEIGHTS_MISMATCH without a
 * preprocessing.
 */
export async function loadModel(
  path: string,
  { mean, ...flags }: WeightsFlags & Pick<EngineFlags, "mean">,
): Promise<Model> {
  const weights = await loadWeights(path, loadOptionsOf(flags));
  const { network, preprocessing } = resolveNetwork(weights, flags.model);
  if (preprocessing === undefined) throw cliErrors.noPreprocessing(path, MODEL_NAMES);
  return {
    weights,
    network,
    preprocessing: mean === undefined ? preprocessing : withMean(preprocessing, await loadMean(mean)),
  };
}

/** The batch that is asked for, or one for `inputs` network inputs: memory is taken for it. */
export const batchFor = (flags: EngineFlags, inputs: number): number =>
  flags.batch ?? Math.min(DEFAULT_BATCH, inputs);

/** Starts an engine, hands it to `use`, and closes it whatever happens. */
export async function withEngine<T>(
  { weights, network }: Pick<Model, "weights" | "network">,
  { threads, kernels, convolutions, tuningFile, fcWeights }: EngineFlags,
  maxBatch: number,
  use: (engine: ScoringEngine) => Promise<T>,
  trace?: Trace,
): Promise<T> {
  const engine = await createEngine({
    network,
    weights,
    maxBatch,
    kernels,
    convolutions,
    fcWeights,
    ...(tuningFile !== undefined && { tuningFile }),
    ...(threads && { threads }),
    ...(trace && { trace }),
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
