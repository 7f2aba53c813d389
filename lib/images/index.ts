export { cropsOf, writeCrop, type Crop, type CropLayout } from "./crops.js";
export {
  decodeImage,
  DECODERS,
  IMAGE_EXTENSIONS,
  loadDecoder,
  MAX_FILE_BYTES,
  MAX_PIXELS,
  MAX_SIDE,
} from "./decode.js";
export type { DecodeOptions } from "./decode.js";
export { byName, imagesIn, kindOf, listFolder, type Listing } from "./folder.js";
export { geometryOf, type Geometry } from "./geometry.js";
export { toColour, toGrey } from "./grey.js";
export type { Image, Pixels, Region } from "./pixels.js";
export { prepareDecoded, prepareImage, type PreparedImage } from "./prepare.js";
export { resizeBilinear } from "./resize.js";
