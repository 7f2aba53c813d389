/** A trainer's weights and velocities as tensors in logical layout, in and out of the shared memory. */
import { packWeights } from "../engine/packing/pack.js";
import { sumOrder } from "../engine/packing/panel-packers.js";
import { parametersOf, type Parameter as Named } from "../network/parameters.js";
import { elementsOf } from "../network/shapes.js";
import { direct, hasWeights } from "../plan/training/graph.js";
import type { Parameter } from "../plan/training/memory.js";
import type { TrainingPlan } from "../plan/training/training-plan.js";
import type { Weights } from "../weights/weights.js";

/** What the arenas hold of each weight. */
export type ArenaKind = "weights" | "velocities" | "gradients";

const distanceTo = ({ layout }: TrainingPlan, kind: ArenaKind): number =>
  ({ weights: 0, velocities: layout.toVelocity, gradients: layout.toGradient })[kind];

/** Reads every parameter into its place. @throws AlexNetError what reading `weights` throws. */
export async function packArena(
  plan: TrainingPlan,
  kind: ArenaKind,
  weights: Weights,
  memory: SharedArrayBuffer,
): Promise<void> {
  const distance = distanceTo(plan, kind);
  const { graph, tile, layout } = plan;
  const packed = new Map(
    [...layout.parameters].map(([index, parameter]) => [
      index,
      { ...parameter, weights: parameter.weights + distance, bias: parameter.bias + distance, plane: 0 },
    ]),
  );
  const operations = graph.forward.operations.map((operation) =>
    hasWeights(operation) ? direct(operation) : operation,
  );
  await packWeights({ graph: { ...graph.forward, operations }, tile, memory: { packed } }, weights, memory);
}

/** One parameter, weights [out, in / groups, kh, kw] or [out, in], biases [out], row-major. */
export interface ArenaTensor extends Named {
  /** Copies elements [start, start + out.length) out of the memory. */
  readonly read: (start: number, out: Float32Array) => void;
}

/** In the order of the network's parameters. */
export function arenaTensors(plan: TrainingPlan, kind: ArenaKind, memory: SharedArrayBuffer): ArenaTensor[] {
  const values = new Float32Array(memory);
  const byLayer = new Map(
    [...plan.layout.parameters.values()].map((parameter) => [parameter.operation.layer.name, parameter]),
  );
  return parametersOf(plan.network).map((named) => {
    const parameter = byLayer.get(named.layer);
    if (parameter === undefined) throw new RangeError(`${named.name} is not in the plan`);
    const reader = named.kind === "bias" ? readBias : readWeights;
    return { ...named, read: reader(plan, parameter, distanceTo(plan, kind), values) };
  });
}

type Read = ArenaTensor["read"];

function readBias(
  { graph }: TrainingPlan,
  parameter: Parameter,
  distance: number,
  values: Float32Array,
): Read {
  const { bias, biasTower, operation, towers } = parameter;
  const channels = graph.forward.tensors[operation.output].shape[0] / towers;
  return (start, out) => {
    for (let i = 0; i < out.length; i++) {
      const tower = Math.floor((start + i) / channels);
      out[i] = values[(bias + distance + tower * biasTower) / 4 + ((start + i) % channels)];
    }
  };
}

function readWeights(plan: TrainingPlan, parameter: Parameter, distance: number, values: Float32Array): Read {
  const { weights, weightsTower, operation, towers, depth } = parameter;
  const { panel } = plan.tile;
  const channels = plan.graph.forward.tensors[operation.output].shape[0] / towers;
  const places = new Int32Array(depth);
  sumOrder(plan.graph.forward, operation).forEach((element, k) => {
    places[element] = k * panel;
  });
  return (start, out) => {
    for (let i = 0; i < out.length;) {
      const output = Math.floor((start + i) / depth);
      const within = output % channels;
      const row =
        (weights + distance + Math.floor(output / channels) * weightsTower) / 4 +
        Math.floor(within / panel) * depth * panel +
        (within % panel);
      const first = (start + i) % depth;
      const count = Math.min(depth - first, out.length - i);
      for (let k = 0; k < count; k++) out[i + k] = values[row + places[first + k]];
      i += count;
    }
  };
}

/** Elements of a tensor that are copied at a time. */
const PIECE = 1 << 18;

/** A tensor in pieces that share their memory. */
export function* pieces({ shape, read }: ArenaTensor): Generator<Float32Array, void, undefined> {
  const elements = elementsOf(shape);
  const piece = new Float32Array(Math.min(PIECE, elements));
  for (let start = 0; start < elements; start += piece.length) {
    const part = piece.subarray(0, elements - start);
    read(start, part);
    yield part;
  }
}
