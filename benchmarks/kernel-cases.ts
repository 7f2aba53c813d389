/** The kernels of a network's layers on one kernel set, in this thread, with the shapes and addresses of a plan. */
import { roundPanel } from "../lib/engine/packing/bfloat16.js";
import { encode } from "../lib/plan/encode.js";
import { compileSet, KERNEL_SETS, type CompiledSetName } from "../lib/engine/kernel-sets.js";
import type { Network } from "../lib/network/layers.js";
import type { PlannedConvolutions } from "../lib/plan/algorithm.js";
import type { Operation } from "../lib/plan/operations.js";
import { makePlan, programsOf, type Plan } from "../lib/plan/plan.js";
import type { WeightsType } from "../lib/plan/weights-type.js";
import type { StepCommand } from "../lib/plan/commands.js";
import { maxRelativeToLargest } from "../test/compare.js";
import { fillSeeded } from "../test/seeded-weights.js";
import { instantiate } from "../workers/instantiate.js";
import { PLANES } from "../workers/winograd.js";
import { COMMAND_WORDS } from "../workers/protocol.js";
import { expand, expandedPanel } from "../workers/reference/bfloat16.js";
import { convolution } from "../workers/reference/convolution.js";
import { gemm } from "../workers/reference/gemm.js";
import { referenceKernels } from "../workers/reference/kernels.js";
import { isForwardStep, type ForwardKernels, type ForwardStep } from "../workers/steps.js";
import { costOf, type Cost } from "./kernel-costs.js";

export interface Selection {
  readonly network: Network;
  readonly images: number;
  readonly convolutions: PlannedConvolutions;
  readonly fcWeights: WeightsType;
  readonly wanted: (operation: Operation) => boolean;
}

/** One kernel on one layer: the calls of a batch. */
export interface KernelCase extends Cost {
  readonly layer: string;
  /** In the grammar f32_<operation>_<tile>. */
  readonly kernel: string;
  readonly run: () => void;
  /** @throws Error where the kernel's outputs are not those of the reference. */
  readonly check: () => void;
}

interface Call extends Omit<StepCommand, "step"> {
  readonly step: ForwardStep;
  /** Of the step, in bytes. */
  readonly address: number;
}

interface Bench {
  readonly plan: Plan;
  readonly memory: WebAssembly.Memory;
  readonly kernels: ForwardKernels;
}

/**
 * The cases of the operations that are wanted; undefined where this Node does not compile the set. They share one
 * memory, in which activations, weights and biases are random numbers.
 */
export async function kernelCases(
  set: CompiledSetName,
  { network, images, convolutions, fcWeights, wanted }: Selection,
): Promise<KernelCase[] | undefined> {
  const module = await compileSet(set);
  if (module === undefined) return undefined;
  const tile = KERNEL_SETS[set];
  const plan = makePlan({ network, tile, threads: 1, maxBatch: images, convolutions, fcWeights });
  const pages = plan.memory.bytes / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  fill(plan, new Float32Array(memory.buffer));
  const bench = { plan, memory, kernels: instantiate(module, memory) };
  const calls = callsOf(plan, images, memory.buffer);
  return plan.graph.operations.filter(wanted).flatMap(({ index, layer }) => {
    const own = calls.filter(({ operation }) => operation === index);
    return [...new Set(own.map(({ step }) => step.kernel))].map((kernel) =>
      caseOf(
        bench,
        layer.name,
        own.filter(({ step }) => step.kernel === kernel),
      ),
    );
  });
}

function caseOf(bench: Bench, layer: string, calls: readonly Call[]): KernelCase {
  const { plan, kernels } = bench;
  const costs = calls.map(({ step }) => costOf(step, plan.tile.panel));
  const kernel = kernels[calls[0].step.kernel];
  return {
    layer,
    kernel: KERNEL_SETS[plan.tile.set as CompiledSetName].kernels[calls[0].step.kernel],
    run: () => {
      for (const { address, inputImage, outputImage } of calls) kernel(address, inputImage, outputImage);
    },
    check: () => {
      check(bench, layer, calls.slice(0, CHECKED));
    },
    macs: costs.reduce((sum, { macs }) => sum + macs, 0),
    bytes: costs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The one worker's commands, with the addresses of their steps. */
function callsOf(plan: Plan, images: number, memory: SharedArrayBuffer): Call[] {
  const programs = programsOf(plan, images);
  const [words] = encode(plan, programs, memory);
  return programs[0].flatMap((command, index) => {
    if (command === "barrier") return [];
    const { step } = command;
    if (!isForwardStep(step)) throw new RangeError(`${step.kernel} is no kernel of a forward pass`);
    return [{ ...command, step, address: words[index * COMMAND_WORDS + 1] }];
  });
}

/** Activations in [-100, 100), weights up to He's bound, so that sums neither grow nor vanish from layer to layer. */
function fill(plan: Plan, values: Float32Array): void {
  const owners = new Map<number, { readonly depth: number; readonly operation: Operation }>();
  for (const [index, { weights, weightsTower, depth }] of plan.memory.packed) {
    const operation = plan.graph.operations[index];
    const { towers } = plan.graph.tensors[operation.output];
    for (let tower = 0; tower < towers; tower++)
      owners.set(weights + tower * weightsTower, { depth, operation });
  }
  plan.memory.regions.forEach(({ kind, offset, bytes }, seed) => {
    const part = values.subarray(offset / 4, (offset + bytes) / 4);
    const owner = owners.get(offset);
    if (kind === "weights" && owner) fillWeights(owner.operation, owner.depth, seed, part, plan.tile.panel);
    else if (kind === "bias") fillSeeded(seed, 1, 0, part);
    else if (isData(kind)) fillSeeded(seed, 100, 0, part);
  });
}

function fillWeights(
  operation: Operation,
  depth: number,
  seed: number,
  target: Float32Array,
  panel: number,
): void {
  const bound = Math.sqrt(6 / depth);
  if (operation.kind !== "fully-connected" || operation.weights === "float32") {
    fillSeeded(seed, bound, 0, target);
    return;
  }
  const floats = new Float32Array(2 * target.length);
  fillSeeded(seed, bound, 0, floats);
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  roundPanel(new Uint32Array(floats.buffer), words, panel);
}

/** What kernels write beside their scratch. */
const isData = (kind: Plan["memory"]["regions"][number]["kind"]): boolean =>
  kind === "activation" || kind === "transforms" || kind === "expanded";

/** Calls of a case that are compared: mostly an image each, and the reference is slow. */
const CHECKED = 2;

/** Both start from the same memory, so an output that a kernel leaves out differs too. */
function check({ plan, memory, kernels }: Bench, layer: string, calls: readonly Call[]): void {
  const all = new Float32Array(memory.buffer);
  const data = plan.memory.regions
    .filter(({ kind }) => isData(kind))
    .map(({ offset, bytes }) => all.subarray(offset / 4, (offset + bytes) / 4));
  const copy = () => data.map((part) => part.slice());
  const before = copy();
  for (const { step, address, inputImage, outputImage } of calls)
    kernels[step.kernel](address, inputImage, outputImage);
  const actual = copy();
  data.forEach((part, index) => {
    part.set(before[index]);
  });
  for (const call of calls) runReference(all, memory, call, plan.tile.panel);
  const terms = calls.map(({ step }) => termsOf(step));
  // half a unit in the last place for each term, and a few for square roots and divisions
  const tolerance = (Math.max(...terms) + 8) * 2 ** -24;
  data.forEach((expected, index) => {
    const changed = [...expected.keys()].filter(
      (at) => expected[at] !== before[index][at] || actual[index][at] !== before[index][at],
    );
    const pick = (values: Float32Array) => changed.map((at) => values[at]);
    const worst = maxRelativeToLargest(pick(actual[index]), pick(expected));
    if (!(worst <= tolerance))
      throw new Error(
        `${layer} on ${plan.tile.set}: ${worst} of the largest output from the reference, more than ${tolerance}`,
      );
  });
}

function runReference(values: Float32Array, memory: WebAssembly.Memory, call: Call, panel: number): void {
  const { step, address, inputImage, outputImage } = call;
  // weights are packed for the set's panel, which is not that of the reference set
  if (step.kernel === "conv_tile" || step.kernel === "conv_row")
    convolution(values, step.fields, inputImage, outputImage, panel);
  else if (step.kernel === "conv_row_bf16")
    convolution(values, step.fields, inputImage, outputImage, panel, expandedPanel);
  else if (step.kernel === "expand") expand(values, step.fields, inputImage, outputImage, panel);
  else if (step.kernel === "gemm") gemm(values, step.fields, inputImage, outputImage, panel);
  else referenceKernels(memory)[step.kernel](address, inputImage, outputImage);
}

/** Terms of each sum. */
function termsOf(step: ForwardStep): number {
  if (step.kernel === "conv_tile" || step.kernel === "conv_row" || step.kernel === "conv_row_bf16")
    return step.fields.outerRuns * step.fields.innerRuns * step.fields.runLength;
  if (step.kernel === "gemm") return step.fields.depth;
  if (step.kernel === "average_pooling") return step.fields.kernelRows * step.fields.kernelColumns;
  return step.kernel.startsWith("winograd") ? PLANES : 0;
}
