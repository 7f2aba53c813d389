/** What decides the bits of an engine's results, and how fast it is: to be kept with them. */
import { packageVersion, processor } from "../host/host.js";
import type { AlgorithmChoice } from "../plan/algorithm.js";
import { weightsTypeOf } from "../plan/operations.js";
import type { Plan } from "../plan/plan.js";
import type { WeightsType } from "../plan/weights-type.js";

export interface RunInfo {
  /** Name and version of this package. */
  readonly package: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly model: string;
  readonly kernels: string;
  readonly fcWeights: WeightsType;
  /** By layer. With these, and the kernel set, results are the same to the bit whatever threads and batch are. */
  readonly convolutions: Readonly<Record<string, AlgorithmChoice>>;
  readonly threads: number;
  readonly maxBatch: number;
}

/** Of an engine's plan, in this process. */
export function runInfo({ network, graph, tile, threads, maxBatch }: Plan): RunInfo {
  const choices = graph.operations.flatMap((operation) =>
    operation.kind === "convolution" ? [[operation.layer.name, operation.choice] as const] : [],
  );
  const connected = graph.operations.find(({ kind }) => kind === "fully-connected");
  return {
    package: `alexnet-threads ${packageVersion()}`,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: processor(),
    model: network.name,
    kernels: tile.set,
    fcWeights: connected?.kind === "fully-connected" ? weightsTypeOf(connected) : "float32",
    convolutions: Object.fromEntries(choices),
    threads,
    maxBatch,
  };
}
