/** `alexnet filters`: the kernels of the first convolution as a picture, after figure 3 of the 2012 paper. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { Option } from "commander";
import sharp from "sharp";
import { cliErrors } from "../errors/cli.js";
import { towersOf, type Convolution, type Network } from "../network/layers.js";
import { elementsOf } from "../network/shapes.js";
import { loadWeights, resolveNetwork, type Weights } from "../weights/index.js";
import {
  externalDataOption,
  loadOptionsOf,
  weightsModelOption,
  weightsOption,
  type WeightsFlags,
} from "./options.js";
import { checkNotInput } from "./whole-file.js";

interface FiltersOptions extends WeightsFlags {
  readonly weights: string;
  readonly out: string;
}

/** Kernels in a row: 48 of a tower are 3 rows, as in the figure. */
const COLUMNS = 16;
/** Pixels of the picture for one weight. */
const ZOOM = 5;
/** Pixels between kernels, and between the towers. */
const GAP = 4;
const TOWER_GAP = 16;
const BACKGROUND = 255;

export function addFilters(program: Command): void {
  program
    .command("filters")
    .summary("draw the first layer's kernels")
    .description(
      "Draws the kernels of the first convolution as a PNG, a tower to each half, as figure 3 of the 2012 paper:" +
        " tower 0 above, tower 1 below.",
    )
    .addOption(weightsOption().makeOptionMandatory())
    .addOption(weightsModelOption())
    .addOption(externalDataOption())
    .addOption(new Option("--out <file>", "PNG file to write, or to overwrite").makeOptionMandatory())
    .addHelpText(
      "after",
      `
Each kernel's smallest weight is drawn as 0 and its largest as 255, over its three colours together.

Examples:
  $ alexnet filters --weights caffenet.safetensors --out conv1.png`,
    )
    .action(filters);
}

async function filters(options: FiltersOptions): Promise<void> {
  const weights = await loadWeights(options.weights, loadOptionsOf(options));
  await checkNotInput(options.out, options.weights);
  const { network, preprocessing } = resolveNetwork(weights, options.model);
  const layer = firstConvolution(network);
  const kernels = await kernelsOf(weights, layer, network);
  const picture = drawKernels(kernels, towersOf(network), preprocessing?.channels === "BGR");
  const image = sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
  const png = await image.png().toBuffer();
  await writeFile(options.out, png).catch((cause: unknown) => {
    throw cliErrors.unwritable(options.out, cause);
  });
}

/** Kernels [out, 3, height, width]. */
interface Kernels {
  readonly values: Float32Array;
  readonly shape: readonly [out: number, height: number, width: number];
}

function firstConvolution(network: Network): Convolution {
  const layer = network.layers.find((candidate) => candidate.type === "convolution");
  if (layer === undefined) throw cliErrors.noConvolution(network.name);
  return layer;
}

async function kernelsOf(weights: Weights, layer: Convolution, network: Network): Promise<Kernels> {
  const channels = network.input[0] / layer.groups;
  if (layer !== network.layers[0] || channels !== 3) throw cliErrors.noFilters(network.name, channels);
  const values = new Float32Array(elementsOf([layer.outChannels, channels, ...layer.kernel]));
  await weights.stream((read) => read(`${layer.name}.weight`, 0, values));
  return { values, shape: [layer.outChannels, ...layer.kernel] };
}

/** The kernels of each tower in rows of COLUMNS, tower below tower; RGB bytes [height, width, 3]. */
export function drawKernels(
  { values, shape: [out, height, width] }: Kernels,
  towers: number,
  blueFirst: boolean,
) {
  const shares = out % towers === 0 ? towers : 1;
  const share = out / shares;
  const columns = Math.min(COLUMNS, share);
  const cellWidth = width * ZOOM + GAP;
  const cellHeight = height * ZOOM + GAP;
  const towerHeight = Math.ceil(share / columns) * cellHeight + TOWER_GAP - GAP;
  const picture = {
    width: columns * cellWidth + GAP,
    height: shares * towerHeight - TOWER_GAP + 2 * GAP,
    data: new Uint8Array(0),
  };
  picture.data = new Uint8Array(picture.width * picture.height * 3).fill(BACKGROUND);
  const size = 3 * height * width;
  for (let kernel = 0; kernel < out; kernel++) {
    const own = kernel % share;
    const top = GAP + Math.floor(kernel / share) * towerHeight + Math.floor(own / columns) * cellHeight;
    const left = GAP + (own % columns) * cellWidth;
    const bytes = shadesOf(values.subarray(kernel * size, (kernel + 1) * size));
    for (let y = 0; y < height * ZOOM; y++)
      for (let x = 0; x < width * ZOOM; x++)
        for (let colour = 0; colour < 3; colour++) {
          const channel = blueFirst ? 2 - colour : colour;
          const from = (channel * height + Math.floor(y / ZOOM)) * width + Math.floor(x / ZOOM);
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
