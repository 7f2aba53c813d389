/** How a convolution is computed: directly, or by Winograd's minimal filtering where that saves multiplications. */
import { PLANES } from "../../workers/winograd.js";
import type { Convolution } from "../network/layers.js";
import type { ShapedLayer } from "../network/shapes.js";

/** "auto" takes Winograd where it pays, "winograd" wherever it is possible, "direct" nowhere. */
export type ConvolutionsOption = "auto" | "direct" | "winograd";
export const CONVOLUTIONS_OPTIONS: readonly ConvolutionsOption[] = ["auto", "direct", "winograd"];

/** Tiles of m x m outputs, each from one 6 x 6 window: m is 4 for 3 x 3 filters and 2 for 5 x 5. */
export interface Winograd {
  readonly outputs: 2 | 4;
  readonly tileRows: number;
  readonly tileColumns: number;
}

/** The transforms take channels by eight. */
const LANES = 8;
/** Fewer channels than this, and the transforms cost what the multiplications save. */
const WORTH_CHANNELS = 32;
/** Of the direct multiplications, what Winograd may need at most to be worth its transforms. */
const WORTH_SHARE = 0.6;

/** Undefined for a convolution that is computed directly. */
export function winogradFor(
  { layer, input, output }: ShapedLayer<Convolution>,
  towers: { readonly input: number; readonly output: number },
  option: ConvolutionsOption,
): Winograd | undefined {
  const [kernel, width] = layer.kernel;
  const shaped =
    kernel === width && (kernel === 3 || kernel === 5) && layer.stride.every((stride) => stride === 1);
  const channels = [input[0] / towers.input, output[0] / towers.output];
  if (option === "direct" || !shaped || channels.some((count) => count % LANES !== 0)) return undefined;
  const outputs = kernel === 3 ? 4 : 2;
  const tileRows = Math.ceil(output[1] / outputs);
  const tileColumns = Math.ceil(output[2] / outputs);
  const share = (PLANES * tileRows * tileColumns) / (kernel * kernel * output[1] * output[2]);
  const worth = share <= WORTH_SHARE && channels.every((count) => count >= WORTH_CHANNELS);
  return worth || option === "winograd" ? { outputs, tileRows, tileColumns } : undefined;
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
export function planeBytes(bytes: number): number {
  const lines = Math.ceil(bytes / LINE);
  return (lines % 2 === 0 ? lines + 1 : lines) * LINE;
}
