/** Weights from their source straight into their packed place: read panel by panel, never a whole tensor twice. */
import type { Plan } from "../plan/plan.js";
import type { Operation } from "../plan/operations.js";
import type { Weights } from "../weights/weights.js";

type Weighted = Extract<Operation, { kind: "convolution" | "fully-connected" }>;

/**
 * Packs every parameter into the shared memory: src = [out, in, kh, kw] (or [out, C, H, W] flat), dst = for each tower
 * of outputs [panels][K][panel], K in the order in which the kernels read: tower of inputs, row, column, channel.
 */
export async function packWeights(plan: Plan, weights: Weights, memory: SharedArrayBuffer): Promise<void> {
  const values = new Float32Array(memory);
  await weights.stream(async (read) => {
    for (const operation of plan.graph.operations) {
      if (operation.kind !== "convolution" && operation.kind !== "fully-connected") continue;
      const packed = plan.memory.packed.get(operation.index);
      if (packed === undefined) continue;
      const { panel } = plan.tile;
      const output = plan.graph.tensors[operation.output];
      const channels = output.shape[0] / output.towers;
      const order = sumOrder(plan, operation);
      const rows = new Float32Array(panel * order.length);
      for (let tower = 0; tower < output.towers; tower++) {
        const first = tower * channels;
        if (operation.layer.bias) {
          const bias = (packed.bias + tower * packed.biasTower) / 4;
          await read(`${operation.layer.name}.bias`, first, values.subarray(bias, bias + channels));
        }
        for (let index = 0; index < packed.panels; index++) {
          const count = Math.min(panel, channels - index * panel);
          const start = (first + index * panel) * order.length;
          await read(`${operation.layer.name}.weight`, start, rows.subarray(0, count * order.length));
          const target = (packed.weights + tower * packed.weightsTower) / 4 + index * order.length * panel;
          interleave(rows, count, order, values.subarray(target, target + order.length * panel), panel);
        }
      }
    }
  });
}

/** dst[k][r] = src[r][order[k]]; rows that do not exist stay zero. */
function interleave(
  rows: Float32Array,
  count: number,
  order: Int32Array,
  target: Float32Array,
  panel: number,
): void {
  const depth = order.length;
  for (let k = 0, at = 0; k < depth; k++, at += panel) {
    let from = order[k];
    for (let r = 0; r < count; r++, from += depth) target[at + r] = rows[from];
  }
}

/** For each product of a sum, in the kernels' order, the element of the logical filter [in, kh, kw] that it takes. */
function sumOrder({ graph }: Plan, operation: Weighted): Int32Array {
  const input = graph.tensors[operation.input];
  const grouped = operation.layer.type === "convolution" && operation.layer.groups > 1;
  const towers = grouped ? 1 : input.towers;
  const channels = input.shape[0] / input.towers;
  const [height, width] =
    operation.layer.type === "convolution" ? operation.layer.kernel : [input.shape[1], input.shape[2]];
  const order = new Int32Array(towers * height * width * channels);
  let at = 0;
  for (let tower = 0; tower < towers; tower++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++) order[at++] = ((tower * channels + c) * height + y) * width + x;
  return order;
}
