/** What the kernels of training need beside their tensors, one worker. */
import { reachOf, type OperationGraph } from "../operations.js";
import type { Tile } from "../tile.js";

/** Bytes; see weights_gradient and normalisation_gradient of workers/kernels/gradients. */
export function gradientScratchBytes(graph: OperationGraph, tile: Tile): number {
  const tileBytes = 128 + tile.rows * tile.panel * 4;
  const normalisations = graph.operations.map((operation) => {
    if (operation.kind !== "normalisation") return 0;
    const { shape, towers } = graph.tensors[operation.input];
    const { before, after } = reachOf(operation.layer);
    return 8 * shape[2] * (shape[0] / towers + 2 * (before + after)) * 4;
  });
  return Math.max(tileBytes, 49 * 64 * 4, ...normalisations);
}
