/**
 * Where the filters are that kernels read in another form than the weights are kept in: arranged for blocks of pixels,
 * turned round for the gradient of an input, and transformed for Winograd. Each step makes them anew from the weights.
 */
import { PLANES } from "../../../workers/winograd.js";
import { depthOf, type PackedWeights } from "../memory.js";
import type { ConvolutionOperation, OperationGraph } from "../operations.js";
import { align, type Take } from "../regions.js";
import { planeBytes } from "../winograd-blocks.js";
import { direct, type TrainingGraph } from "./graph.js";
import type { Parameter } from "./memory.js";

/** [towers][panels][rows][NR]. */
export interface FilterRoom {
  readonly address: number;
  readonly tower: number;
  readonly panels: number;
  readonly rows: number;
}

/** What a weights' gradient by Winograd is added up in: [towers][49 planes][panels][depth][NR]; strides in bytes. */
export interface GradientRoom {
  readonly address: number;
  readonly tower: number;
  readonly plane: number;
  readonly panels: number;
  readonly depth: number;
}

/** A layer that reads its input in blocks: its filters, and their gradient, in the order of blocks. */
export interface BlockFilters {
  readonly weights: FilterRoom;
  readonly gradient: FilterRoom;
  /** Byte addresses of int32: for each row in the order of blocks the weights' row or -1, and the other way round. */
  readonly toBlocks: number;
  readonly toWeights: number;
}

export interface Filters {
  /** Transformed filters by the forward operation's index; without biases. */
  readonly transformed: ReadonlyMap<number, PackedWeights>;
  readonly blocks: ReadonlyMap<number, BlockFilters>;
  /** Gradients of transformed filters, by the forward operation's index. */
  readonly gradients: ReadonlyMap<number, GradientRoom>;
  /** Filters turned round, by the forward operation's index. */
  readonly turned: ReadonlyMap<number, FilterRoom>;
  /** What turned convolutions read, by their own index: those filters, or their transforms. */
  readonly packed: ReadonlyMap<number, PackedWeights>;
  /** What is written once, before the first step. */
  readonly tables: readonly { readonly address: number; readonly values: Int32Array }[];
}

export function filtersOf(
  { forward, backward, turned }: TrainingGraph,
  panel: number,
  parameters: ReadonlyMap<number, Parameter>,
  zeros: number,
  take: Take,
): Filters {
  const transformed = new Map<number, PackedWeights>();
  const blocks = new Map<number, BlockFilters>();
  const gradients = new Map<number, GradientRoom>();
  const turnedRooms = new Map<number, FilterRoom>();
  const packed = new Map<number, PackedWeights>();
  const tables: { address: number; values: Int32Array }[] = [];
  for (const operation of forward.operations) {
    if (operation.kind !== "convolution") continue;
    const { name } = operation.layer;
    if (operation.winograd) {
      transformed.set(operation.index, takeTransformed(operation, forward, panel, take));
      gradients.set(operation.index, takeGradient(operation, forward, panel, take));
      if (operation.winograd.blockSize > 1)
        blocks.set(operation.index, takeBlocks(operation, panel, parameters, tables, take));
    }
    const back = turned.get(operation.index);
    if (back === undefined) continue;
    const { shape, towers } = backward.tensors[back.output];
    const panels = Math.ceil(shape[0] / towers / panel);
    const room = takeRoom(`${name}, turned`, { towers, panels, rows: depthOf(direct(back)) }, panel, take);
    turnedRooms.set(operation.index, room);
    packed.set(back.index, {
      ...(back.winograd
        ? takeTransformed(back, backward, panel, take)
        : { weights: room.address, weightsTower: room.tower, panels, depth: room.rows, plane: 0 }),
      bias: zeros,
      biasTower: 0,
    });
  }
  return { transformed, blocks, gradients, turned: turnedRooms, packed, tables };
}

function takeRoom(
  name: string,
  { towers, panels, rows }: { readonly towers: number; readonly panels: number; readonly rows: number },
  panel: number,
  take: Take,
): FilterRoom {
  const tower = align(panels * rows * panel * 4);
  return { address: take(name, "filters", towers * tower), tower, panels, rows };
}

function takeTransformed(
  operation: ConvolutionOperation,
  graph: OperationGraph,
  panel: number,
  take: Take,
): PackedWeights {
  const { shape, towers } = graph.tensors[operation.output];
  const panels = Math.ceil(shape[0] / towers / panel);
  const depth = depthOf(operation);
  const plane = panels * depth * panel * 4;
  const weightsTower = align(PLANES * plane);
  const weights = take(`${operation.layer.name}, transformed`, "filters", towers * weightsTower);
  return { weights, weightsTower, bias: 0, biasTower: 0, panels, depth, plane };
}

function takeGradient(
  operation: ConvolutionOperation,
  graph: OperationGraph,
  panel: number,
  take: Take,
): GradientRoom {
  const { shape, towers } = graph.tensors[operation.output];
  const panels = Math.ceil(shape[0] / towers / panel);
  const depth = depthOf(operation);
  // what a filter's gradient is made of lies in one place of every plane
  const plane = planeBytes(panels * depth * panel * 4);
  const tower = align(PLANES * plane);
  const address = take(`${operation.layer.name}, gradient transformed`, "gradient", towers * tower);
  return { address, tower, plane, panels, depth };
}

function takeBlocks(
  operation: ConvolutionOperation,
  panel: number,
  parameters: ReadonlyMap<number, Parameter>,
  tables: { address: number; values: Int32Array }[],
  take: Take,
): BlockFilters {
  const { name } = operation.layer;
  const parameter = parameters.get(operation.index);
  if (parameter === undefined) throw new RangeError(`${name}: it has no weights`);
  const { toBlocks, toWeights } = blockTables(operation);
  const { towers, panels } = parameter;
  const form = { towers, panels, rows: toBlocks.length };
  const takeTable = (values: Int32Array): number => {
    const address = take(`${name}, order`, "filters", values.byteLength);
    tables.push({ address, values });
    return address;
  };
  return {
    weights: takeRoom(`${name}, in blocks`, form, panel, take),
    gradient: takeRoom(`${name}, gradient in blocks`, form, panel, take),
    toBlocks: takeTable(toBlocks),
    toWeights: takeTable(toWeights),
  };
}

/**
 * Rows of a filter [kernel][kernel][C] over pixels, and of the same over blocks, [taps][taps][block][block][C]: of each the
 * place in the other. A filter over blocks has taps behind the last pixel's, which stay zero.
 */
export function blockTables({ layer, shaped, winograd }: ConvolutionOperation): {
  readonly toBlocks: Int32Array;
  readonly toWeights: Int32Array;
} {
  if (winograd === undefined) throw new RangeError(`${layer.name}: it is not computed by Winograd`);
  const { taps, blockSize } = winograd;
  const [kernel] = layer.kernel;
  const channels = shaped.input[0] / layer.groups;
  const toBlocks = new Int32Array(taps * taps * blockSize * blockSize * channels).fill(-1);
  const toWeights = new Int32Array(kernel * kernel * channels);
  for (let y = 0; y < kernel; y++)
    for (let x = 0; x < kernel; x++)
      for (let c = 0; c < channels; c++) {
        const block = Math.floor(y / blockSize) * taps + Math.floor(x / blockSize);
        const within = (y % blockSize) * blockSize + (x % blockSize);
        const row = (block * blockSize * blockSize + within) * channels + c;
        const weight = (y * kernel + x) * channels + c;
        toBlocks[row] = weight;
        toWeights[weight] = row;
      }
  return { toBlocks, toWeights };
}
