/** `alexnet plan`: who computes what, where it lies, and what crosses between the towers. */
import type { Command } from "commander";
import { chooseKernels } from "../engine/choose-kernels.js";
import { KERNEL_SETS } from "../engine/kernel-sets.js";
import { AlexNetError } from "../errors/base.js";
import type { Shape } from "../network/layers.js";
import { networkByName, type ModelName } from "../network/variants.js";
import type { AlgorithmReason, ConvolutionAlgorithm } from "../plan/algorithm.js";
import {
  describePlan,
  type OperationDescription,
  type PlanDescription,
  type WorkSlice,
} from "../plan/describe.js";
import type { Region } from "../plan/regions.js";
import { defaultThreads, makePlan } from "../plan/plan.js";
import type { WeightsType } from "../plan/weights-type.js";
import { tune, type ConvolutionsOption, type TunedKernels } from "../tuning/tuning.js";
import {
  addEngineOptions,
  batchOption,
  jsonOption,
  modelOption,
  threadsOption,
  type KernelsChoice,
} from "./options.js";
import { count, left, measured, megabytes, rangeText, right, shapeText, table } from "./table.js";

interface PlanOptions {
  readonly model: ModelName;
  readonly threads?: number;
  readonly batch: number;
  readonly kernels: KernelsChoice;
  readonly convolutions: ConvolutionsOption;
  readonly tuningFile?: string | false;
  readonly fcWeights: WeightsType;
  readonly json?: true;
}

export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .summary("who computes what and how, the memory, and what crosses between the towers")
    .description(
      "Prints how each convolution is computed and why, what each worker computes of each layer, the layout of the" +
        " shared memory, and the bytes that cross between the towers. No weights are read and no image is scored.",
    )
    .addOption(modelOption("network").default("caffenet"))
    .addOption(threadsOption())
    .addOption(batchOption("images of a batch").default(16));
  addEngineOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It is the plan that score would follow with these options, so the kernel set and what Winograd is worth are measured
here too, unless the times are kept already. A set that this Node cannot run has its plan by the rule.

The rule takes Winograd's minimal filtering where it needs at most 60 % of the multiplications and the tower has 32
channels or more; measured times overrule it where they differ by more than a tenth. Images, channels and rows are
shown first to last; channels count from the tower's first. In JSON, ranges are [from, to), and bytes cross for one
image.

Examples:
  $ alexnet plan
  $ alexnet plan --model bvlc-alexnet --threads 4 --batch 64
  $ alexnet plan --kernels wide --convolutions conv1=direct
  $ alexnet plan --threads 2 --json`,
    )
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const { threads = defaultThreads(), batch, fcWeights, convolutions, tuningFile } = options;
  const network = networkByName(options.model);
  const kernels = await kernelsFor(options.kernels);
  const tuning = await tune(network, kernels, { convolutions, tuningFile });
  const planned = { network, tile: kernels.set, threads, maxBatch: batch, fcWeights };
  const description = describePlan(makePlan({ ...planned, convolutions: tuning.convolutions }));
  process.stdout.write(options.json ? `${JSON.stringify(description, null, 2)}\n` : textOf(description));
}

/** A plan can be made for a set that cannot run here; nothing can be measured then. */
async function kernelsFor(option: KernelsChoice): Promise<TunedKernels> {
  try {
    return await chooseKernels(option);
  } catch (error) {
    if (option === "auto" || !(error instanceof AlexNetError) || error.code !== "KERNELS_UNAVAILABLE")
      throw error;
    return { set: KERNEL_SETS[option], module: "reference" };
  }
}

function textOf(description: PlanDescription): string {
  const { model, threads, batch, towers, kernels, waves, barriers } = description;
  const head =
    `${model}: ${plural(towers, "tower")} on ${plural(threads, "worker")}, batch ${batch}${wavesText(waves)},` +
    ` kernels ${kernels.set} (tile ${kernels.rows} x ${kernels.panel})\n` +
    `the workers meet ${barriers} times a batch, before the layers marked *\n`;
  const parts = [algorithmsText, workText, crossingText, memoryText, layoutText].map((part) =>
    part(description),
  );
  return [head, ...parts].join("\n");
}

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** 16 images in waves of 8 + 8: long runs of the same size are told by number. */
function wavesText(waves: readonly number[]): string {
  if (waves.length === 0) return "";
  const sizes = [...new Set(waves)].map((size) => {
    const times = waves.filter((other) => other === size).length;
    return times === 1 ? String(size) : `${times} x ${size}`;
  });
  return ` in waves of ${sizes.join(" + ")}`;
}

function algorithmsText({ layers }: PlanDescription): string {
  const rows = layers.flatMap((layer) =>
    layer.algorithm && layer.reason
      ? [[nameOf(layer), layer.algorithm, reasonText(layer.algorithm, layer.reason)]]
      : [],
  );
  return `how convolutions are computed\n${table([left("layer"), left("algorithm"), left("why")], rows)}`;
}

function reasonText(algorithm: ConvolutionAlgorithm, reason: AlgorithmReason): string {
  switch (reason.kind) {
    case "only":
      return "Winograd cannot compute it";
    case "forced":
      return "as asked";
    case "rule":
      return `by the rule: Winograd needs ${Math.round(100 * reason.share)} % of the multiplications`;
    case "measured": {
      const other = algorithm === "direct" ? "winograd" : "direct";
      const { [algorithm]: own, [other]: others } = reason.times;
      return `measured: ${measured(own)} ms, ${other} ${measured(others)}`;
    }
  }
}

function workText({ layers }: PlanDescription): string {
  const columns = [
    left("layer"),
    left(""),
    left("output"),
    right("worker"),
    left("tower"),
    left("images"),
    left("channels"),
    left("rows"),
  ];
  // a cut for each size of wave would say the same again: the first, of whole waves, is shown
  const rows = layers.flatMap((layer) => {
    const [cut] = layer.cuts;
    const marks = [
      ...(layer.algorithm === "winograd" ? ["(Winograd)"] : []),
      ...(layer.weights === "bfloat16" ? ["(bfloat16)"] : []),
    ];
    const name = [...layer.layers, ...marks].join(" ");
    const head = [name, cut.meeting ? "*" : "", shapeText(flatOf(layer.output), layer.towers)];
    const lines = cut.workers.flatMap((slices, worker) => workerRows(worker, slices));
    return lines.map((line, at) => [...(at === 0 ? head : ["", "", ""]), ...line]);
  });
  return table(columns, rows);
}

/** A map of one pixel as a vector, as the network has it. */
const flatOf = ([channels, height, width]: OperationDescription["output"]): Shape =>
  height * width === 1 ? [channels] : [channels, height, width];

/** A line a box; the same box in several towers is one line. */
function workerRows(worker: number, slices: readonly WorkSlice[]): string[][] {
  if (slices.length === 0) return [[String(worker), "-", "-", "-", "-"]];
  const towersByBox = new Map<string, { readonly cells: string[]; readonly towers: number[] }>();
  for (const { tower, images, channels, rows } of slices) {
    const cells = [images, channels, rows].map(rangeText);
    const key = cells.join(" ");
    const known = towersByBox.get(key) ?? { cells, towers: [] };
    known.towers.push(tower);
    towersByBox.set(key, known);
  }
  return [...towersByBox.values()].map(({ cells, towers }, at) => [
    at === 0 ? String(worker) : "",
    towers.join(", "),
    ...cells,
  ]);
}

function crossingText({ layers, crossing, towers }: PlanDescription): string {
  if (towers === 1) return "one tower: nothing crosses\n";
  const rows = layers.map((layer) => [nameOf(layer), count(layer.crossing)]);
  return `bytes that cross between the towers for one image\n${table(
    [left("layer"), right("bytes")],
    [...rows, ["total", count(crossing)]],
  )}`;
}

const nameOf = ({ layers }: OperationDescription): string => layers[0];

const KIND_TITLES: Record<keyof PlanDescription["memory"]["kinds"], string> = {
  weights: "packed weights",
  bias: "packed biases",
  activation: "input and activations",
  scratch: "scratch, by worker",
  transforms: "Winograd's windows and products, by worker",
  expanded: "expanded weights, by worker",
  steps: "steps",
  gradient: "gradients",
  velocity: "velocities",
  filters: "turned and transformed filters",
  labels: "labels, losses",
  control: "barrier, input's check",
  other: "kernels' constants, alignment",
};

/** What a plan of a forward pass has none of. */
const OF_TRAINING: ReadonlySet<string> = new Set(["gradient", "velocity", "filters", "labels"]);

function memoryText({ memory }: PlanDescription): string {
  const kinds = Object.entries(KIND_TITLES).flatMap(([kind, title]) => {
    const bytes = memory.kinds[kind as keyof typeof KIND_TITLES];
    return bytes > 0 || !OF_TRAINING.has(kind) ? [[title, megabytes(bytes)]] : [];
  });
  return `shared memory\n${table([left("what"), right("size")], [...kinds, ["total", megabytes(memory.bytes)]])}`;
}

/** A line a region; those of a layer's towers, which lie behind each other, are one line. */
function layoutText({ memory: { regions } }: PlanDescription): string {
  const lines = new Map<string, { readonly name: string; readonly first: Region; times: number }>();
  for (const first of regions) {
    if (first.bytes === 0) continue;
    const name = first.name.replace(/, tower \d+$/, "");
    const key = [name, first.kind, first.bytes].join();
    const known = lines.get(key);
    if (known) known.times++;
    else lines.set(key, { name, first, times: 1 });
  }
  const rows = [...lines.values()].map(({ name, first, times }) => [
    name,
    first.kind,
    count(first.offset),
    `${times === 1 ? "" : `${times} x `}${count(first.bytes)}`,
  ]);
  return `where it lies\n${table([left("region"), left("kind"), right("offset"), right("bytes")], rows)}`;
}
