/**
 * AlexNet 2012 on worker threads: everything that users import.
 * @module alexnet-threads
 */

// Engines: a network with its weights, ready for tensors and for images.
export { createEngine } from "./scoring/scoring-engine.js";
export type { ImageSources, ScoringEngine, ScoringEngine as Engine } from "./scoring/scoring-engine.js";
export type { EngineOptions, RunOptions } from "./engine/engine.js";
export { runInfo } from "./engine/run-info.js";
export type { RunInfo } from "./engine/run-info.js";
export type { Span, Times, WorkerTimes } from "./engine/times.js";
export type { Trace, TraceLane, TraceSpan } from "./engine/trace.js";
export type { MeasuredSet } from "./engine/candidates.js";
export type { KernelChoice, KernelsOption } from "./engine/choose-kernels.js";
export type { ConvolutionsOption, Tuning } from "./tuning/tuning.js";
export type {
  AlgorithmChoice,
  AlgorithmReason,
  AlgorithmTimes,
  ConvolutionAlgorithm,
  PlannedConvolutions,
  Winograd,
} from "./plan/algorithm.js";
export type { FloatArray } from "./engine/tensors.js";
export type { ForwardKernelName } from "../workers/steps.js";

// Scoring: images in, rows out.
export { DEFAULT_TOP_K } from "./scoring/options.js";
export type { ClassifyOptions, ScoreOptions, ScoreSettings } from "./scoring/options.js";
export { isFailed } from "./scoring/rows.js";
export type { ClassProbability, FailedRow, ImageSource, NamedImage, Row, ScoredRow } from "./scoring/rows.js";
export { OUTPUT_FORMATS, rowWriter } from "./scoring/writers.js";
export type { Columns, OutputFormat, RowWriter } from "./scoring/writers.js";
export { openOutput } from "./scoring/output.js";
export type { Output, OutputOptions } from "./scoring/output.js";
export type { FoundRow } from "./scoring/records.js";
export { IMAGE_EXTENSIONS } from "./images/index.js";

// Training: labelled images in, a network out.
export { createTrainer } from "./training/trainer.js";
export type { Trainer, TrainingStep } from "./training/trainer.js";
export type { TrainerOptions, TrainingData } from "./training/options.js";
export type { Done } from "./training/run-log.js";
export { openDataset } from "./training/data/open.js";
export { datasetFrom } from "./training/data/from-items.js";
export type { ItemOptions, LabelledImage } from "./training/data/from-items.js";
export { SPLITS } from "./training/data/dataset.js";
export type { Dataset, Split } from "./training/data/dataset.js";
export type { Image } from "./images/index.js";
export type { BadImage } from "./training/data/read-images.js";
export { evaluate } from "./training/evaluate.js";
export type { EvaluateOptions, Evaluation, Prediction } from "./training/evaluate.js";
export { defineRecipe } from "./training/recipes/define.js";
export { loadRecipe } from "./training/recipes/load.js";
export type {
  AugmentationChange,
  AugmentationData,
  Initialisation,
  LayerOverride,
  NormalisationData,
  ParameterGroup,
  Recipe,
} from "./training/recipes/recipe.js";
export type * from "./training/schedule.js";
export type { Draw } from "./weights/init-rules.js";
export type { EpochRow, Measures, MetricsRow, StepRow } from "./training/metrics/rows.js";
export type { RunPosition } from "./training/checkpoint/state.js";
export { SMALL_MODEL_NAMES, SMALL_NETWORKS } from "./network/small.js";
export type { SmallModelName } from "./network/small.js";

// Networks as plain data.
export { MODEL_NAMES, networkByName, networks } from "./network/variants.js";
export type { ModelName } from "./network/variants.js";
export { defineNetwork } from "./network/define.js";
export { inferShapes } from "./network/shapes.js";
export type { ShapedLayer } from "./network/shapes.js";
export { summarise } from "./network/summary.js";
export type { LayerSummary, NetworkSummary } from "./network/summary.js";
export { PREPROCESSING } from "./network/preprocessing.js";
export type { Preprocessing } from "./network/preprocessing.js";
export type * from "./network/layers.js";

// Weights by name, whatever they came from.
export {
  describeWeights,
  exportOnnx,
  initWeights,
  loadMean,
  loadWeights,
  resolveNetwork,
  saveWeights,
  weightsFromTensors,
  withMean,
} from "./weights/index.js";
export type {
  ColumnReader,
  DType,
  ExportOptions,
  LoadOptions,
  Mean,
  MemoryOptions,
  Purpose,
  ReadTensor,
  ResolvedNetwork,
  SaveOptions,
  TensorInfo,
  TensorLike,
  Weights,
  WeightsDescription,
} from "./weights/index.js";

// Plans: who computes what, on which memory.
export { makePlan } from "./plan/plan.js";
export type { Plan, PlanOptions } from "./plan/plan.js";
export { describePlan } from "./plan/describe.js";
export type { Cut, OperationDescription, PlanDescription, WorkSlice } from "./plan/describe.js";
export type { MemoryLayout, PackedWeights, Placement } from "./plan/memory.js";
export type { Region } from "./plan/regions.js";
export type {
  ConvolutionOperation,
  DropoutOperation,
  FullyConnectedOperation,
  Operation,
  OperationGraph,
  OperationBase,
  OperationOf,
  SpaceToDepthOperation,
  Tensor,
} from "./plan/operations.js";
export type { Range } from "./plan/partition.js";
export type { WeightsType } from "./plan/weights-type.js";
export type { Tile } from "./plan/tile.js";
export { KERNEL_SETS } from "./engine/kernel-sets.js";
export type { CompiledSetName, KernelSet, KernelSetName } from "./engine/kernel-sets.js";

// Every error that a user can meet.
export { AlexNetError } from "./errors/base.js";
export type { ErrorCode } from "./errors/base.js";
