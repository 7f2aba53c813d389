import type { Preprocessing } from "../network/preprocessing.js";
import { resizeOpencv } from "./opencv.js";
import { resizePil } from "./pil.js";
import type { Pixels, Region } from "./pixels.js";

/**
 * A bilinear resize to width x height pixels, the same bytes as the library that prepared the training images:
 * "pil" is PIL.Image.resize with BILINEAR, "opencv" is cv::resize with INTER_LINEAR.
 *
 * @param region the part of the result that is wanted, all of it unless given; only that part is computed.
 * @returns data [region.height, region.width, 3], in memory of its own.
 */
export function resizeBilinear(
  filter: Preprocessing["filter"],
  image: Pixels,
  width: number,
  height: number,
  region: Region = { left: 0, top: 0, width, height },
): Pixels {
  switch (filter) {
    case "pil":
      return resizePil(image, width, height, region);
    case "opencv":
      return resizeOpencv(image, width, height, region);
  }
}
