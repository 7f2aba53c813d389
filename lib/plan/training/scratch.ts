/** What the kernels of training need beside their tensors, one worker. */
import { reachOf, type OperationGraph } from "../operations.js";
import type { Tile } from "../tile.js";
import { BLOCK_ROWS, panelsTogether } from "./input-blocks.js";

type Registers = Pick<Tile, "rows" | "panel">;

/** Bytes of the largest tile, with which the scratch of a weights' gradient begins. */
const TILE = 6 * 16 * 4;
/** Channels of dy that weights_gradient_packed copies together. */
const GROUP = 32 * 16;

/** Bytes for weights_gradient: a tile, and one panel of dy, of so many positions. */
export const weightsGradientScratch = (tile: Registers, positions: number): number =>
  TILE + positions * tile.panel * 4;

/** Bytes for weights_gradient_packed: a tile, its elements of x, and a group of panels of dy. */
export const packedGradientScratch = (tile: Registers, positions: number, channels: number): number =>
  TILE +
  positions * tile.rows * 4 +
  positions * Math.min(Math.ceil(channels / tile.panel) * tile.panel, GROUP) * 4;

/** Bytes for gemm_gradient: a tile. */
export const gemmGradientScratch = TILE;

/** Bytes for the gradient of a fully connected layer's input: what multiplying needs, and rows of W that are turned round. */
const inputGradientScratch = ({ panel }: Registers, maxBatch: number, channels: number): number => {
  const panels = Math.min(Math.ceil(channels / panel), panelsTogether(maxBatch, panel));
  return gemmGradientScratch + panels * panel * BLOCK_ROWS * 4;
};

/** Bytes for winograd_gradient, and enough for winograd_filter_gradient: seven rows of five vectors, and a tile of dy. */
export const winogradGradientScratch = (7 * 5 + 5 * 5) * 32;

/** Bytes for all: see weights_gradient.ts, winograd_filter.ts and f32_lrn_gradient.ts of workers/kernels/gradients. */
export function gradientScratchBytes(graph: OperationGraph, tile: Tile, maxBatch: number): number {
  const each = graph.operations.map((operation) => {
    const { shape, towers } = graph.tensors[operation.output];
    const channels = shape[0] / towers;
    if (operation.kind === "convolution") return weightsGradientScratch(tile, shape[1] * shape[2]);
    if (operation.kind === "fully-connected")
      return Math.max(
        packedGradientScratch(tile, maxBatch, channels),
        inputGradientScratch(tile, maxBatch, channels),
      );
    if (operation.kind !== "normalisation") return 0;
    const { before, after } = reachOf(operation.layer);
    return 8 * shape[2] * (channels + 2 * (before + after)) * 4;
  });
  return Math.max(49 * 64 * 4, winogradGradientScratch, ...each);
}
