/** The kernels of the first convolution as a picture, after figure 3 of the 2012 paper. */
import sharp from "sharp";
import { picturesErrors } from "../errors/pictures.js";
import { towersOf, type Convolution, type Network } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { resolveNetwork, type Weights } from "../weights/index.js";
import type { ModelName } from "../network/variants.js";

/** Kernels in a row: 48 of a tower are 3 rows, as in the figure. */
const COLUMNS = 16;
/** Pixels of the picture for one weight, where it is not asked for another number. */
const ZOOM = 5;
/** Pixels between kernels, and between the towers. */
const GAP = 4;
const TOWER_GAP = 16;
const BACKGROUND = 255;

/** Kernels [out, channels, height, width]; one channel is drawn grey, three are drawn in colour. */
export interface Kernels {
  readonly values: Float32Array;
  readonly shape: readonly [out: number, channels: 1 | 3, height: number, width: number];
}

export interface KernelsOptions {
  /** The network of the weights, where they do not tell. */
  readonly model?: ModelName | undefined;
  /** Pixels of a kernel's longer side, at least. */
  readonly side?: number;
}

/**
 * The kernels of the first convolution as a PNG.
 * @throws AlexNetError WEIGHTS_MISMATCH where there is none over one or three channels; as `resolveNetwork` and as reading
 * `weights`.
 */
export async function kernelsPng(
  weights: Weights,
  { model, side = 0 }: KernelsOptions = {},
): Promise<Buffer> {
  const { network, preprocessing } = resolveNetwork(weights, model);
  const layer = firstConvolution(network);
  const kernels = await kernelsOf(weights, layer, network);
  const zoom = Math.max(ZOOM, Math.ceil(side / Math.max(...layer.kernel)));
  const picture = drawKernels(kernels, towersOf(network), preprocessing?.channels === "BGR", zoom);
  const { width, height } = picture;
  return sharp(picture.data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

function firstConvolution(network: Network): Convolution {
  const layer = network.layers.find((candidate) => candidate.type === "convolution");
  if (layer === undefined) throw picturesErrors.noConvolution(network.name);
  return layer;
}

async function kernelsOf(weights: Weights, layer: Convolution, network: Network): Promise<Kernels> {
  const channels = network.input[0] / layer.groups;
  if (layer !== network.layers[0] || (channels !== 1 && channels !== 3))
    throw picturesErrors.noFilters(network.name, channels);
  const values = new Float32Array(elementsOf([layer.outChannels, channels, ...layer.kernel]));
  await weights.stream((read) => read(`${layer.name}.weight`, 0, values));
  return { values, shape: [layer.outChannels, channels, ...layer.kernel] };
}

/** The kernels of each tower in rows of COLUMNS, tower below tower; RGB bytes [height, width, 3]. */
export function drawKernels(
  { values, shape: [out, channels, height, width] }: Kernels,
  towers: number,
  blueFirst: boolean,
  zoom = ZOOM,
) {
  const shares = out % towers === 0 ? towers : 1;
  const share = out / shares;
  const columns = Math.min(COLUMNS, share);
  const cellWidth = width * zoom + GAP;
  const cellHeight = height * zoom + GAP;
  const towerHeight = Math.ceil(share / columns) * cellHeight + TOWER_GAP - GAP;
  const picture = {
    width: columns * cellWidth + GAP,
    height: shares * towerHeight - TOWER_GAP + 2 * GAP,
    data: new Uint8Array(0),
  };
  picture.data = new Uint8Array(picture.width * picture.height * 3).fill(BACKGROUND);
  const size = channels * height * width;
  for (let kernel = 0; kernel < out; kernel++) {
    const own = kernel % share;
    const top = GAP + Math.floor(kernel / share) * towerHeight + Math.floor(own / columns) * cellHeight;
    const left = GAP + (own % columns) * cellWidth;
    const bytes = shadesOf(values.subarray(kernel * size, (kernel + 1) * size));
    for (let y = 0; y < height * zoom; y++)
      for (let x = 0; x < width * zoom; x++)
        for (let colour = 0; colour < 3; colour++) {
          const channel = channels === 1 ? 0 : blueFirst ? 2 - colour : colour;
          const from = (channel * height + Math.floor(y / zoom)) * width + Math.floor(x / zoom);
          picture.data[((top + y) * picture.width + left + x) * 3 + colour] = bytes[from];
        }
  }
  return picture;
}

/** From the smallest value as 0 to the largest as 255; a kernel of one value is grey. */
function shadesOf(values: Float32Array): Uint8Array {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const range = most - least;
  return Uint8Array.from(values, (value) =>
    range === 0 ? 128 : Math.round(((value - least) / range) * 255),
  );
}
