/** A plan as a person asks about it: who computes what, where everything lies, what crosses between the towers. */
import { elementsOf } from "../network/shapes.js";
import type { AlgorithmChoice, AlgorithmReason, ConvolutionAlgorithm } from "./algorithm.js";
import type { Region } from "./regions.js";
import { reachOf, weightsTypeOf, type Operation, type OperationGraph } from "./operations.js";
import type { Range, Slice } from "./partition.js";
import { programsOf, type Plan } from "./plan.js";
import { slicesOf } from "./commands.js";
import { chainsOf, crossesTowers, waves } from "./schedule.js";
import type { WeightsType } from "./weights-type.js";
import { extentOf } from "./steps.js";

/** A box of outputs of one layer, all ranges [from, to). */
export interface WorkSlice {
  readonly tower: number;
  /** Of the wave, or of the batch. */
  readonly images: Range;
  /** Channels of the tower, or its features. */
  readonly channels: Range;
  readonly rows: Range;
}

/** How one operation is cut for a number of images. */
export interface Cut {
  readonly images: number;
  /** How often a batch has this cut. */
  readonly times: number;
  /** Whether the workers meet before it, as one reads what another has written; not at the start of a batch. */
  readonly meeting: boolean;
  /** By worker. */
  readonly workers: readonly (readonly WorkSlice[])[];
}

export interface OperationDescription {
  /** The layer that is computed, and the layers that come with it: the ReLU in its store, those that do nothing. */
  readonly layers: readonly string[];
  readonly kind: Operation["kind"];
  /** Of a convolution: window by window, or by Winograd's minimal filtering. */
  readonly algorithm?: ConvolutionAlgorithm;
  /** Of a convolution: why it is computed so. */
  readonly reason?: AlgorithmReason;
  /** Of a convolution and a fully connected layer: how its weights are stored. */
  readonly weights?: WeightsType;
  /** [C, H, W] of one image. */
  readonly output: readonly [channels: number, height: number, width: number];
  /** Towers that share the output's channels; 1 where it lies in one piece. */
  readonly towers: number;
  /** Bytes for one image that are computed in one tower and read in another; the network's input counts as both's. */
  readonly crossing: number;
  readonly cuts: readonly Cut[];
}

export interface PlanDescription {
  readonly model: string;
  readonly towers: number;
  readonly threads: number;
  readonly batch: number;
  readonly kernels: { readonly set: string; readonly rows: number; readonly panel: number };
  /** Sizes of the groups of images that go through the convolutional part together, in order. */
  readonly waves: readonly number[];
  readonly layers: readonly OperationDescription[];
  /** Sum of the layers', in bytes for one image. */
  readonly crossing: number;
  /** How often all workers meet in a batch. */
  readonly barriers: number;
  readonly memory: {
    readonly bytes: number;
    /** Bytes by kind; "other" is the page of the kernels' constants, and what alignment leaves free. */
    readonly kinds: Readonly<Record<Region["kind"] | "other", number>>;
    readonly regions: readonly Region[];
  };
}

/** What the plan does with a full batch. */
export function describePlan(plan: Plan): PlanDescription {
  const { graph, memory, maxBatch: batch } = plan;
  const sizes = waves(plan, batch).map(([from, to]) => to - from);
  const layers = graph.operations.map((operation) => ({
    layers: graph.tensors[operation.output].layers,
    kind: operation.kind,
    ...algorithmOf(operation),
    ...weightsOf(operation),
    output: graph.tensors[operation.output].shape,
    towers: graph.tensors[operation.output].towers,
    crossing: crossingBytes(graph, operation),
    cuts: operation.scope === "batch" ? [cutOf(plan, operation, batch, 1)] : waveCuts(plan, operation, sizes),
  }));
  return {
    model: plan.network.name,
    towers: graph.towers,
    threads: plan.threads,
    batch,
    kernels: { set: plan.tile.set, rows: plan.tile.rows, panel: plan.tile.panel },
    waves: graph.operations.some(({ scope }) => scope === "wave") ? sizes : [],
    layers,
    crossing: layers.reduce((sum, layer) => sum + layer.crossing, 0),
    barriers: programsOf(plan, batch)[0].filter((command) => command === "barrier").length,
    memory: { bytes: memory.bytes, kinds: bytesByKind(plan), regions: memory.regions },
  };
}

const algorithmOf = (operation: Operation): Partial<AlgorithmChoice> =>
  operation.kind === "convolution" ? operation.choice : {};

const weightsOf = (operation: Operation): Pick<OperationDescription, "weights"> =>
  operation.kind === "convolution" || operation.kind === "fully-connected"
    ? { weights: weightsTypeOf(operation) }
    : {};

/** One cut for each size of wave. */
function waveCuts(plan: Plan, operation: Operation, sizes: readonly number[]): Cut[] {
  return [...new Set(sizes)].map((size) =>
    cutOf(plan, operation, size, sizes.filter((other) => other === size).length),
  );
}

function cutOf(plan: Plan, operation: Operation, images: number, times: number): Cut {
  const workers = slicesOf(plan, operation, images).map((slices) =>
    slices.map((slice) => workSlice(plan, operation, slice, images)),
  );
  return { images, times, meeting: meetsBefore(plan, operation, images), workers };
}

function meetsBefore(plan: Plan, operation: Operation, images: number): boolean {
  if (plan.threads === 1) return false;
  if (operation.scope === "batch") return operation.index > 0;
  const first = plan.graph.operations.filter(({ scope }) => scope === "wave");
  return chainsOf(plan, first, images).some((chain) => chain[0] === operation);
}

/** The units of an extent as what they stand for: panels are channels, one row of all is every row. */
function workSlice(plan: Plan, operation: Operation, slice: Slice, images: number): WorkSlice {
  const { shape, towers } = plan.graph.tensors[operation.output];
  const width = shape[0] / towers;
  const { panel } = plan.tile;
  const packed = plan.memory.packed.has(operation.index);
  const channels: Range = packed
    ? [slice.panels[0] * panel, Math.min(slice.panels[1] * panel, width)]
    : [0, width];
  const { tower } = slice;
  const everyRow: Range = [0, shape[1]];
  if (operation.scope === "wave") {
    const whole = extentOf(plan, operation, images).rows !== shape[1];
    return { tower, images: slice.images, channels, rows: whole ? everyRow : slice.rows };
  }
  const together = operation.kind === "fully-connected";
  return { tower, images: together ? [0, images] : slice.rows, channels, rows: everyRow };
}

/**
 * Bytes for one image that an operation reads from towers other than the one that it writes, for all towers. A
 * window across the towers reads only the channels at the border; everything else that reads across reads all.
 */
function crossingBytes(graph: OperationGraph, operation: Operation): number {
  if (!crossesTowers({ graph }, operation)) return 0;
  const input = graph.tensors[operation.input];
  const [, height, width] = input.shape;
  if (operation.kind === "normalisation") {
    const { before, after } = reachOf(operation.layer);
    return (input.towers - 1) * (before + after) * height * width * 4;
  }
  const { towers } = graph.tensors[operation.output];
  return (towers * elementsOf(input.shape) * 4 * (input.towers - 1)) / input.towers;
}

function bytesByKind({ memory }: Plan): PlanDescription["memory"]["kinds"] {
  const kinds = {
    weights: 0,
    bias: 0,
    activation: 0,
    transforms: 0,
    expanded: 0,
    scratch: 0,
    steps: 0,
    gradient: 0,
    velocity: 0,
    filters: 0,
    labels: 0,
    control: 0,
    other: memory.bytes,
  };
  for (const { kind, bytes } of memory.regions) {
    kinds[kind] += bytes;
    kinds.other -= bytes;
  }
  return kinds;
}
