/** Pictures as PNG files, in light colours and without fonts. */
import sharp from "sharp";
import type { Image } from "../images/index.js";
import { svgOf, type Picture } from "./picture.js";
import { LIGHT, pictureStyle } from "./style.js";

/** Pixels of a file for one of a picture's own, for screens with fine ones. */
export const DENSITY = 2;

/** SVG has 72 dots per inch in librsvg. */
export const pngOf = (picture: Picture): Promise<Buffer> =>
  sharp(Buffer.from(svgOf(picture, "strokes", pictureStyle(LIGHT))), { density: 72 * DENSITY })
    .png()
    .toBuffer();

/** As a PNG in which each pixel is a square of `factor` x `factor`. */
export function enlargedPng({ width, height, channels, data }: Image, factor: number): Promise<Buffer> {
  const image = sharp(data, { raw: { width, height, channels } });
  return image
    .resize(width * factor, height * factor, { kernel: "nearest" })
    .png()
    .toBuffer();
}
