/** Weights from their source straight into their packed place: read panel by panel, never a whole tensor twice. */
import type { Winograd } from "../plan/algorithm.js";
import type { Plan } from "../plan/plan.js";
import type { Operation } from "../plan/operations.js";
import type { ReadTensor, Weights } from "../weights/weights.js";
import { FilterTransform } from "./winograd-filters.js";

type Weighted = Extract<Operation, { kind: "convolution" | "fully-connected" }>;

/**
 * Packs every parameter into the shared memory: src = [out, in, kh, kw] (or [out, C, H, W] flat), dst = for each tower
 * of outputs [panels][K][panel], K in the order in which the kernels read: tower of inputs, row, column, channel;
 * by Winograd [49][panels][in][panel] of transformed filters.
 */
export async function packWeights(plan: Plan, weights: Weights, memory: SharedArrayBuffer): Promise<void> {
  const values = new Float32Array(memory);
  await weights.stream(async (read) => {
    for (const operation of plan.graph.operations)
      if (operation.kind === "convolution" || operation.kind === "fully-connected")
        await packOperation(plan, operation, read, values);
  });
}

async function packOperation(
  plan: Plan,
  operation: Weighted,
  read: ReadTensor,
  values: Float32Array,
): Promise<void> {
  const packed = plan.memory.packed.get(operation.index);
  if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
  const { name, bias } = operation.layer;
  const { panel } = plan.tile;
  const output = plan.graph.tensors[operation.output];
  const channels = output.shape[0] / output.towers;
  const store = storeOf(plan, operation, packed.plane / 4);
  const rows = new Float32Array(panel * store.perOutput);
  for (let tower = 0; tower < output.towers; tower++) {
    const first = tower * channels;
    if (bias) {
      const at = (packed.bias + tower * packed.biasTower) / 4;
      await read(`${name}.bias`, first, values.subarray(at, at + channels));
    }
    for (let index = 0; index < packed.panels; index++) {
      const count = Math.min(panel, channels - index * panel);
      await read(
        `${name}.weight`,
        (first + index * panel) * store.perOutput,
        rows.subarray(0, count * store.perOutput),
      );
      const target = (packed.weights + tower * packed.weightsTower) / 4 + index * packed.depth * panel;
      store.panel(rows, count, values, target, panel);
    }
  }
}

/** How the rows of a panel, a logical filter each, get to their packed place. */
interface PanelStore {
  /** Elements of one output's filter. */
  readonly perOutput: number;
  panel(rows: Float32Array, count: number, values: Float32Array, target: number, panel: number): void;
}

function storeOf(plan: Plan, operation: Weighted, plane: number): PanelStore {
  if (operation.kind !== "convolution" || !operation.winograd) {
    const order = sumOrder(plan, operation);
    return {
      perOutput: order.length,
      panel: (rows, count, values, target, panel) => {
        interleave(rows, count, order, values.subarray(target, target + order.length * panel), panel);
      },
    };
  }
  const { layer, shaped, winograd } = operation;
  const [kernel] = layer.kernel;
  const { blockSize, taps } = winograd;
  const channels = shaped.input[0] / layer.groups;
  const transform = new FilterTransform(taps);
  const perOutput = channels * kernel * kernel;
  const order = blockOrder(channels, kernel, winograd);
  const blocks = new Float32Array(order.length);
  return {
    perOutput,
    panel: (rows, count, values, target, panel) => {
      for (let r = 0; r < count; r++) {
        // a tap behind the filter's last is no element of the row, and zero
        order.forEach((from, to) => (blocks[to] = from < 0 ? 0 : rows[r * perOutput + from]));
        transform.run(blocks, channels * blockSize * blockSize, values, target + r, plane, panel);
      }
    },
  };
}

/**
 * For each element of a filter over blocks, [row in a block][column in it][in][taps][taps], the element of the logical
 * filter [in, kh, kw] that it takes; -1 behind the last.
 */
function blockOrder(channels: number, kernel: number, { blockSize, taps }: Winograd): Int32Array {
  const order = new Int32Array(blockSize * blockSize * channels * taps * taps);
  let at = 0;
  for (let row = 0; row < blockSize; row++)
    for (let column = 0; column < blockSize; column++)
      for (let c = 0; c < channels; c++)
        for (let y = row; y < row + taps * blockSize; y += blockSize)
          for (let x = column; x < column + taps * blockSize; x += blockSize)
            order[at++] = y < kernel && x < kernel ? (c * kernel + y) * kernel + x : -1;
  return order;
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
