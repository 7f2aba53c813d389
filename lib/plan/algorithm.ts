/** How a convolution is computed: directly, or by Winograd's minimal filtering where that saves multiplications. */
import { PLANES } from "../../workers/winograd.js";
import type { Convolution } from "../network/layers.js";
import type { ShapedLayer } from "../network/shapes.js";
import type { Tile } from "./tile.js";

/** "auto" takes Winograd where it pays, "winograd" wherever it is possible, "direct" nowhere. */
export type ConvolutionsOption = "auto" | "direct" | "winograd";
export const CONVOLUTIONS_OPTIONS: readonly ConvolutionsOption[] = ["auto", "direct", "winograd"];

/** Tiles of m x m outputs, each from one 7 x 7 window: m is 5 for 3 x 3 filters and 3 for 5 x 5. */
export interface Winograd {
  /** Taps of a filter's row. */
  readonly taps: 3 | 5;
  readonly outputs: 3 | 5;
  readonly tileRows: number;
  readonly tileColumns: number;
  /**
   * The stride. Above 1, a filter of k x k pixels is one of ceil(k / stride) squared blocks, which go by one at a
   * time over the space-to-depth input: conv1's 11 x 11 with stride 4 is 3 x 3 with stride 1 over 48 channels.
   */
  readonly blockSize: number;
}

/** The transforms take channels by eight. */
const LANES = 8;
/** Fewer channels than this, and the transforms cost what the multiplications save. */
const WORTH_CHANNELS = 32;
/** Of the direct multiplications, what Winograd may need at most to be worth its transforms. */
const WORTH_SHARE = 0.6;

/**
 * Undefined for a convolution that is computed directly. `arranged` says whether its input is the network's, which
 * can be arranged in blocks; maps between layers cannot.
 */
export function winogradFor(
  { layer, input, output }: ShapedLayer<Convolution>,
  towers: { readonly input: number; readonly output: number },
  option: ConvolutionsOption,
  arranged: boolean,
): Winograd | undefined {
  const [kernel, width] = layer.kernel;
  const [stride, columnStride] = layer.stride;
  if (option === "direct" || kernel !== width || stride !== columnStride) return undefined;
  if (stride > 1 && !(arranged && layer.groups === 1 && towers.input === 1)) return undefined;
  const taps = Math.ceil(kernel / stride);
  if (taps !== 3 && taps !== 5) return undefined;
  const channels = [(input[0] * stride * stride) / towers.input, output[0] / towers.output];
  if (channels.some((count) => count % LANES !== 0)) return undefined;
  const outputs = taps === 3 ? 5 : 3;
  const tileRows = Math.ceil(output[1] / outputs);
  const tileColumns = Math.ceil(output[2] / outputs);
  const products = PLANES * tileRows * tileColumns * stride * stride;
  const share = products / (kernel * kernel * output[1] * output[2]);
  const worth = share <= WORTH_SHARE && channels.every((count) => count >= WORTH_CHANNELS);
  if (!worth && option !== "winograd") return undefined;
  return { taps, outputs, tileRows, tileColumns, blockSize: stride };
}

/** About this many tiles go through the products together: full register tiles, and a block that fits the caches. */
const BLOCK_TILES = 96;

/** Images of a block. */
export const blockImages = ({ tileRows, tileColumns }: Winograd, wave: number): number =>
  Math.max(1, Math.min(wave, Math.floor(BLOCK_TILES / (tileRows * tileColumns))));

const LINE = 64;

/**
 * From one plane of a block's windows or products to the next, in bytes: an odd number of cache lines, since the
 * transforms touch one place of every plane in turn, and strides of whole pages would put them all into one cache set.
 */
function planeBytes(bytes: number): number {
  const lines = Math.ceil(bytes / LINE);
  return (lines % 2 === 0 ? lines + 1 : lines) * LINE;
}

/** So many rows as whole register tiles: the product computes the last ones with what lies there. */
export const wholeTiles = (rows: number, { rows: tileRows }: Pick<Tile, "rows">): number =>
  Math.ceil(rows / tileRows) * tileRows;

/** From a plane to the next of a block of `tiles` windows and of its products, whose rows have these bytes. */
export function blockBytes(
  tiles: number,
  rowBytes: { readonly windows: number; readonly products: number },
  tile: Pick<Tile, "rows">,
): { readonly windowsPlane: number; readonly productsPlane: number } {
  const rows = wholeTiles(tiles, tile);
  return {
    windowsPlane: planeBytes(rows * rowBytes.windows),
    productsPlane: planeBytes(rows * rowBytes.products),
  };
}
