/** How a convolution by Winograd is cut into blocks whose windows and products stay in one core's cache. */
import type { Winograd } from "./algorithm.js";
import type { Tile } from "./tile.js";

/** What goes through the 49 products together: tiles of several images, or rows of tiles of one. */
export interface Blocking {
  /** Images of a block; 1 where an image is cut. */
  readonly images: number;
  /** Rows of tiles of a block; all of them where there are several images. */
  readonly tileRows: number;
}

/**
 * A block has at most so many tiles, where a row of tiles has no more. Fewer: the weights, which each block reads, cost
 * more than the caches give; more gave nothing (docs/performance.md).
 */
const BLOCK_TILES = 72;

/** @param wave images of a wave */
export function blockingOf({ tileRows, tileColumns }: Winograd, wave: number): Blocking {
  const tiles = tileRows * tileColumns;
  if (tiles <= BLOCK_TILES) return { images: Math.min(wave, Math.floor(BLOCK_TILES / tiles)), tileRows };
  const parts = Math.ceil(tileRows / Math.max(1, Math.floor(BLOCK_TILES / tileColumns)));
  return { images: 1, tileRows: Math.ceil(tileRows / parts) };
}

const LINE = 64;

/**
 * From one plane of a block's windows, products or gradients to the next, in bytes: an odd number of cache lines, since the
 * transforms touch one place of every plane in turn, and strides of whole pages would put them all into one cache set.
 */
export function planeBytes(bytes: number): number {
  const lines = Math.ceil(bytes / LINE);
  return (lines % 2 === 0 ? lines + 1 : lines) * LINE;
}

/**
 * As many rows or a few more, such that register tiles of the product cover them: whole ones, and a narrower one where
 * that is enough for what is left. The product computes the last ones with what lies there.
 */
export function tiledRows(rows: number, { rows: tileRows, rest }: Pick<Tile, "rows" | "rest">): number {
  const left = rows % tileRows;
  if (left === 0) return rows;
  return rows - left + (left <= rest ? rest : tileRows);
}

/** The buffers of a block: bytes of a row, which is a tile, and from a plane to the next. */
export interface BlockRoom {
  readonly windowsRow: number;
  readonly windowsPlane: number;
  readonly productsRow: number;
  readonly productsPlane: number;
}

/** @param depth channels of a window, all blocks of pixels and towers together */
export function blockRoom(
  winograd: Winograd,
  wave: number,
  { depth, panels }: { readonly depth: number; readonly panels: number },
  tile: Tile,
): BlockRoom {
  const { images, tileRows } = blockingOf(winograd, wave);
  const rows = tiledRows(images * tileRows * winograd.tileColumns, tile);
  const windowsRow = depth * 4;
  const productsRow = panels * tile.panel * 4;
  return {
    windowsRow,
    windowsPlane: planeBytes(rows * windowsRow),
    productsRow,
    productsPlane: planeBytes(rows * productsRow),
  };
}
