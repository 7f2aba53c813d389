/** How the rows of a panel, a logical filter each, get to the order and the type in which the kernels read them. */
import type { Winograd } from "../../plan/algorithm.js";
import type { MemoryLayout, PackedWeights } from "../../plan/memory.js";
import {
  weightsTypeOf,
  type ConvolutionOperation,
  type OperationGraph,
  type WeightedOperation,
} from "../../plan/operations.js";
import type { Tile } from "../../plan/tile.js";
import { roundPanel } from "./bfloat16.js";
import { FilterTransform } from "./winograd-filters.js";

export interface PanelPacker {
  /** Elements of one output's filter. */
  readonly perOutput: number;
  /** Bytes of one output's packed filter, of one of Winograd's planes. */
  readonly packedBytes: number;
  /** Whether packed rows take as much room as they do as rows: then they are read into the place where they stay. */
  readonly inPlace: boolean;
  /** Packs the rows of a panel, of the last one perhaps fewer than it has room for, to a byte address. */
  readonly pack: (rows: Float32Array, address: number) => void;
}

/** Of a plan, what packing needs. */
export interface PackedPlan {
  readonly graph: OperationGraph;
  readonly tile: Tile;
  readonly memory: Pick<MemoryLayout, "packed">;
}

/** @param values the shared memory */
export function packerOf(
  { graph, tile: { panel } }: PackedPlan,
  operation: WeightedOperation,
  { plane }: PackedWeights,
  values: Float32Array,
): PanelPacker {
  if (operation.kind === "convolution" && operation.winograd)
    return winogradPacker(operation, operation.winograd, values, panel, plane / 4);
  const order = sumOrder(graph, operation);
  return weightsTypeOf(operation) === "bfloat16"
    ? bfloat16Packer(order, values, panel)
    : float32Packer(order, values, panel);
}

function winogradPacker(
  { layer, shaped }: ConvolutionOperation,
  winograd: Winograd,
  values: Float32Array,
  panel: number,
  plane: number,
): PanelPacker {
  const [kernel] = layer.kernel;
  const channels = shaped.input[0] / layer.groups;
  const perOutput = channels * kernel * kernel;
  const transform = new FilterTransform(winograd.taps, blockOrder(channels, kernel, winograd), panel);
  return {
    perOutput,
    packedBytes: channels * winograd.blockSize ** 2 * 4,
    inPlace: false,
    pack: (rows, address) => {
      transform.run(rows, perOutput, values, address / 4, plane);
    },
  };
}

function float32Packer(order: Int32Array, values: Float32Array, panel: number): PanelPacker {
  const depth = order.length;
  const copy = new Float32Array(panel * depth);
  return {
    perOutput: depth,
    packedBytes: depth * 4,
    inPlace: true,
    pack: (rows, address) => {
      copy.set(rows);
      const target = values.subarray(address / 4, address / 4 + panel * depth);
      interleave(copy, rows.length / depth, order, target, panel);
    },
  };
}

/** By way of a float32 panel. */
function bfloat16Packer(order: Int32Array, values: Float32Array, panel: number): PanelPacker {
  const depth = order.length;
  const floats = new Float32Array(panel * depth);
  const bits = new Uint32Array(floats.buffer);
  return {
    perOutput: depth,
    packedBytes: depth * 2,
    inPlace: false,
    pack: (rows, address) => {
      interleave(rows, rows.length / depth, order, floats, panel);
      roundPanel(bits, new Uint32Array(values.buffer, address, bits.length / 2), panel);
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

/** dst[k][r] = src[r][order[k]]; 0 for rows that do not exist. Four rows at a time, which V8 keeps in registers. */
function interleave(
  rows: Float32Array,
  count: number,
  order: Int32Array,
  target: Float32Array,
  panel: number,
): void {
  const depth = order.length;
  if (count < panel) target.fill(0);
  const whole = count - (count % 4);
  for (let r = 0; r < whole; r += 4)
    for (let k = 0, at = r; k < depth; k++, at += panel) {
      const from = r * depth + order[k];
      target[at] = rows[from];
      target[at + 1] = rows[from + depth];
      target[at + 2] = rows[from + 2 * depth];
      target[at + 3] = rows[from + 3 * depth];
    }
  for (let r = whole; r < count; r++)
    for (let k = 0, at = r; k < depth; k++, at += panel) target[at] = rows[r * depth + order[k]];
}

/** For each product of a sum, in the kernels' order, the element of the logical filter [in, kh, kw] that it takes. */
export function sumOrder(graph: OperationGraph, operation: WeightedOperation): Int32Array {
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
