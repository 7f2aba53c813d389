/** `alexnet bench`: images a second of the engine on this machine, and where the time goes. */
import type { Command } from "commander";
import ndarray from "ndarray";
import { runInfo, type RunInfo } from "../engine/run-info.js";
import type { Times } from "../engine/times.js";
import type { Network } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { summarise } from "../network/summary.js";
import { networkByName, type ModelName } from "../network/variants.js";
import { defaultThreads } from "../plan/plan.js";
import type { WeightsType } from "../plan/weights-type.js";
import type { ScoringEngine } from "../scoring/scoring-engine.js";
import { initWeights } from "../weights/index.js";
import { withEngine, type EngineFlags } from "./engine.js";
import { stoppable } from "./interrupt.js";
import {
  addEngineOptions,
  batchOption,
  jsonOption,
  modelOption,
  numberOption,
  threadsOption,
} from "./options.js";
import { left, measured, right, table } from "./table.js";

interface BenchOptions extends EngineFlags {
  readonly model: ModelName;
  readonly batch: number;
  readonly seconds: number;
  readonly json?: true;
}

/** What `bench --json` prints. */
interface BenchResult {
  readonly model: string;
  readonly threads: number;
  readonly batch: number;
  readonly kernels: string;
  readonly fcWeights: WeightsType;
  readonly convolutions: RunInfo["convolutions"];
  readonly node: string;
  readonly imagesPerSecond: number;
  /** Of a batch. */
  readonly latencyMs: { readonly min: number; readonly p50: number; readonly p99: number };
  readonly gflops: number;
  /** By operation: milliseconds a batch of the worker that needs longest, on average. */
  readonly layers: readonly { readonly name: string; readonly ms: number; readonly gflops: number }[];
}

/** Fewer say nothing about their spread. */
const LEAST_BATCHES = 3;
/** Any will do: time does not depend on values that are neither zero nor tiny. */
const SEED = 1;

export function addBench(program: Command): void {
  const command = program
    .command("bench")
    .summary("measure the engine on this machine")
    .description(
      "Measures batches whose input lies ready in the shared memory: no image is read or decoded. Weights are" +
        " initial ones, inputs random.",
    )
    .addOption(modelOption("network").default("caffenet"))
    .addOption(threadsOption())
    .addOption(batchOption("images of a batch").default(16))
    .addOption(numberOption("--seconds <s>", "how long to measure", 1, 3600).default(5))
    .addOption(jsonOption());
  addEngineOptions(command)
    .addHelpText(
      "after",
      `
Latency is that of a whole batch. A layer's time is that of the worker that needs longest for it, without waiting;
GFLOP/s count a multiplication and an addition as two, and all those of the layer's definition: Winograd's
convolutions do fewer and can show more than the processor has.

Examples:
  $ alexnet bench --threads 2 --batch 64
  $ alexnet bench --model torchvision --batch 1 --seconds 10 --json`,
    )
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const network = networkByName(options.model);
  const flags = { ...options, threads: options.threads ?? defaultThreads() };
  const result = await withEngine(
    { network, weights: stoppable(initWeights(network, SEED)) },
    flags,
    options.batch,
    (engine) => measure(engine, options),
  );
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result));
}

async function measure(
  engine: ScoringEngine,
  { batch, seconds, fcWeights }: BenchOptions,
): Promise<BenchResult> {
  // leaves the input in its place, and warms everything up
  await engine.forward(randomInput([batch, ...engine.network.input]));
  const latencies: number[] = [];
  const slowest = new Map<number, number>();
  const from = performance.now();
  let now = from;
  while (latencies.length < LEAST_BATCHES || now - from < seconds * 1000) {
    const before = now;
    const times = await engine.time(batch);
    now = performance.now();
    latencies.push(now - before);
    for (const [operation, ms] of slowestOf(times))
      slowest.set(operation, (slowest.get(operation) ?? 0) + ms);
  }
  const imagesPerSecond = (latencies.length * batch * 1000) / (now - from);
  const { macs } = summarise(engine.network).totals;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    model: engine.network.name,
    threads: engine.threads,
    batch,
    kernels: engine.kernels.set,
    fcWeights,
    convolutions: runInfo(engine.plan).convolutions,
    node: process.version,
    imagesPerSecond,
    latencyMs: { min: sorted[0], p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
    gflops: (2 * macs * imagesPerSecond) / 1e9,
    layers: engine.plan.graph.operations.map(({ index, layer }) =>
      layerResult(
        layer.name,
        (slowest.get(index) ?? 0) / sorted.length,
        batch * macsOf(engine.network, layer.name),
      ),
    ),
  };
}

/** [N, C, H, W], uniform in [-128, 128) as pixels without their mean: zeros would be quicker than the truth. */
function randomInput(shape: readonly number[]) {
  const values = Float32Array.from({ length: elementsOf(shape) }, () => Math.random() * 256 - 128);
  return ndarray(values, [...shape]);
}

/** The smallest value that is not less than a share of all, of values in order. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1];

/** Milliseconds by operation, of the worker that needed longest for it. */
function slowestOf(times: Times): Map<number, number> {
  const slowest = new Map<number, number>();
  for (const { operations } of times)
    for (const [operation, ms] of operations)
      slowest.set(operation, Math.max(slowest.get(operation) ?? 0, ms));
  return slowest;
}

const layerResult = (name: string, ms: number, macs: number) => ({
  name,
  ms,
  gflops: (2 * macs) / (ms * 1e6),
});

const macsOf = (network: Network, name: string): number =>
  summarise(network).layers.find((layer) => layer.name === name)?.macs ?? 0;

function textOf(result: BenchResult): string {
  const { latencyMs: latency, layers } = result;
  const rows = layers.map(({ name, ms, gflops }) => [
    name,
    measured(ms),
    gflops === 0 ? "" : measured(gflops),
  ]);
  return (
    `${result.model}, batch ${result.batch}, threads ${result.threads}, kernels ${result.kernels}, fc weights ${result.fcWeights}, Node ${result.node}\n\n` +
    `${measured(result.imagesPerSecond)} images/s, ${measured(result.gflops)} GFLOP/s\n` +
    `a batch takes ${measured(latency.p50)} ms (fastest ${measured(latency.min)}, 99 % within ${measured(latency.p99)})\n\n` +
    table([left("layer"), right("ms a batch"), right("GFLOP/s")], rows)
  );
}
