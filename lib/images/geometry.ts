import { imageErrors } from "../errors/images.js";
import type { Shape } from "../network/layers.js";
import { channelsOf, type Framing, type Preprocessing } from "../network/preprocessing.js";
import { roundHalfToEven, type Region } from "./pixels.js";

/** Where a decoded image goes: its size after the resize, the part kept of it, and the centre crop in that part. */
export interface Geometry {
  /** Pixels of the whole resized image. */
  readonly width: number;
  readonly height: number;
  /** The centre size x size pixels of it: what one or ten crops are cut from. */
  readonly region: Region;
  /** Pixels of a crop: the network's input. */
  readonly cropHeight: number;
  readonly cropWidth: number;
  /** The centre crop's first row and column, counted inside `region`. */
  readonly centreRow: number;
  readonly centreColumn: number;
}

/**
 * The geometry for an image of width x height pixels and a network input [C, H, W].
 *
 * "shorter-side" makes the shorter side `size` and truncates the longer, int(size * long / short), as torchvision
 * does. The centre crop is placed on the whole resized image, as torchvision does, not on the region: of 341 rows
 * 227 start at 57, but by way of the region's 256, which start at 42, they would start at 42 + 14. The published
 * recipes that start from the region have 224 in 256 (32 is even, no difference) or stretch (the region is all).
 *
 * @throws AlexNetError INPUT_INVALID where the network does not take [C, H, W], C being the channels of the
 * preprocessing, or takes more than `size` pixels.
 */
export function geometryOf(
  width: number,
  height: number,
  preprocessing: Framing,
  inputSize: Shape,
): Geometry {
  const [channels, cropHeight, cropWidth] = inputSize;
  const wanted = channelsOf(preprocessing);
  if (inputSize.length !== 3 || channels !== wanted)
    throw imageErrors.inputShape(inputSize, preprocessing.channels, wanted);
  const { size, resize, centre } = preprocessing;
  if (Math.max(cropHeight, cropWidth) > size) throw imageErrors.inputLarger(size, cropHeight, cropWidth);

  const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  const resized = {
    width: resize === "shorter-side" && width > height ? long : size,
    height: resize === "shorter-side" && height > width ? long : size,
  };
  const top = centred(resized.height, size, centre);
  const left = centred(resized.width, size, centre);
  return {
    ...resized,
    region: { left, top, width: size, height: size },
    cropHeight,
    cropWidth,
    centreRow: centred(resized.height, cropHeight, centre) - top,
    centreColumn: centred(resized.width, cropWidth, centre) - left,
  };
}

function centred(whole: number, part: number, rule: Preprocessing["centre"]): number {
  const margin = (whole - part) / 2;
  return rule === "round" ? roundHalfToEven(margin) : Math.trunc(margin);
}
