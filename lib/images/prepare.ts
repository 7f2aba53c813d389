import type { Shape } from "../network/layers.js";
import { channelsOf, type Framing } from "../network/preprocessing.js";
import { decodeImage, type DecodeOptions } from "./decode.js";
import { geometryOf } from "./geometry.js";
import { toGrey } from "./grey.js";
import { letGo, type Image, type Pixels } from "./pixels.js";
import { resizeBilinear } from "./resize.js";

/** An image resized as its network wants it, still in bytes; plain data from which every crop is cut. */
export interface PreparedImage extends Image {
  /** Pixels of a crop. */
  readonly cropHeight: number;
  readonly cropWidth: number;
  /** First row and column of the centre crop. */
  readonly centreRow: number;
  readonly centreColumn: number;
}

/**
 * Decodes and resizes one image: the centre size x size pixels that `preprocessing` asks for, RGB or grey,
 * [size, size, C] in bytes. Channel order, scale and mean come later, with the crop (`writeCrop`).
 *
 * @param inputSize the network's input, [C, H, W].
 * @throws as `decodeImage` and `prepareDecoded`.
 */
export async function prepareImage(
  source: string | Uint8Array,
  preprocessing: Framing,
  inputSize: Shape,
  options: DecodeOptions = {},
): Promise<PreparedImage> {
  const image = await decodeImage(source, options);
  const prepared = prepareDecoded(image, preprocessing, inputSize);
  letGo(image);
  return prepared;
}

/**
 * The part of `prepareImage` after decoding, for pixels that did not come from a file.
 * Grey is made of the resized pixels.
 * @throws AlexNetError INPUT_INVALID where the network does not take [C, H, W] or takes more than `size` pixels.
 */
export function prepareDecoded(image: Pixels, preprocessing: Framing, inputSize: Shape): PreparedImage {
  const { width, height, region, ...crop } = geometryOf(image.width, image.height, preprocessing, inputSize);
  const resized = resizeBilinear(preprocessing.filter, image, width, height, region);
  const channels = channelsOf(preprocessing);
  return { ...resized, ...crop, channels, data: channels === 1 ? toGrey(resized.data) : resized.data };
}
