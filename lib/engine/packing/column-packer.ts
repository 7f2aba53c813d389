/** Columns of a tensor [out, in] to their places: of each panel's part of a column, neighbours stay neighbours. */
import type { PackedWeights } from "../../plan/memory.js";
import { weightsTypeOf, type WeightedOperation } from "../../plan/operations.js";
import { sumOrder, type PackedPlan } from "./panel-packers.js";

/** @param values the columns, one behind the other */
export type ColumnPacker = (columns: Int32Array, values: Float32Array) => void;

/**
 * For the operations whose packed numbers are the logical ones: fully connected in float32; undefined for the others,
 * whose rows are packed.
 * @param memory the shared memory; rows that fill up a panel stay as they are there, zeros
 */
export function columnPackerOf(
  plan: PackedPlan,
  operation: WeightedOperation,
  packed: PackedWeights,
  memory: Float32Array,
): ColumnPacker | undefined {
  if (operation.kind !== "fully-connected" || weightsTypeOf(operation) !== "float32") return undefined;
  const { panel } = plan.tile;
  const { shape, towers } = plan.graph.tensors[operation.output];
  const outputs = shape[0];
  const channels = outputs / towers;
  const order = sumOrder(plan.graph, operation);
  const depth = order.length;
  const places = new Int32Array(depth);
  for (let k = 0; k < depth; k++) places[order[k]] = k * panel;
  return (columns, values) => {
    for (let tower = 0; tower < towers; tower++)
      for (let first = 0; first < channels; first += panel) {
        const from = tower * channels + first;
        const length = Math.min(panel, channels - first);
        const to = (packed.weights + tower * packed.weightsTower) / 4 + first * depth;
        for (let at = from, column = 0; column < columns.length; at += outputs, column++) {
          const target = to + places[columns[column]];
          for (let r = 0; r < length; r++) memory[target + r] = values[at + r];
        }
      }
  };
}
