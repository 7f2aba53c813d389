/** How a convolution is computed: directly, or by Winograd's minimal filtering where that saves multiplications. */
import { PLANES } from "../../workers/winograd.js";
import type { Convolution } from "../network/layers.js";
import type { ShapedLayer } from "../network/shapes.js";

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
