import { imageErrors } from "../errors/images.js";
import type { Preprocessing } from "../network/preprocessing.js";
import type { PreparedImage } from "./prepare.js";

/** One view of a prepared image: the corner it is cut at and whether left and right are exchanged. */
export interface Crop {
  readonly row: number;
  readonly column: number;
  readonly mirrored: boolean;
}

/** Where a crop's values go, in elements of the target array: value [c, y, x] to offset + c, y, x times these. */
export interface CropLayout {
  readonly offset: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/**
 * The views that are scored: 1 is the centre; 10 are top left, top right, bottom left, bottom right, centre, then
 * the same five mirrored (the order of Caffe and torchvision). The paper takes the mean of their softmax outputs.
 */
export function cropsOf(prepared: PreparedImage, count: 1 | 10): readonly Crop[] {
  const centre = { row: prepared.centreRow, column: prepared.centreColumn, mirrored: false };
  if (count === 1) return [centre];
  const bottom = prepared.height - prepared.cropHeight;
  const right = prepared.width - prepared.cropWidth;
  const five: Crop[] = [
    { row: 0, column: 0, mirrored: false },
    { row: 0, column: right, mirrored: false },
    { row: bottom, column: 0, mirrored: false },
    { row: bottom, column: right, mirrored: false },
    centre,
  ];
  return [...five, ...five.map((crop) => ({ ...crop, mirrored: true }))];
}

/**
 * Writes one crop as the network's input [C, cropHeight, cropWidth]: (pixel * scale - mean) / std, in the channel
 * order of `preprocessing`, computed in double and rounded to float32 once; of a mean image the mean is that of the
 * pixel. Elements between the strides are left as they are. torchvision rounds to float32 after each step instead; its values differ by at most
 * 5 * 2^-24 * (255 * scale + mean) / std, which is 2e-6.
 *
 * @param crop any corner inside the prepared image, from `cropsOf` or drawn at random for training.
 * @param shift is added to what each channel has, after it was rounded: the noise of training. None where left out.
 * @throws AlexNetError INPUT_INVALID where the crop or the layout would leave its array, or a mean image is not of the
 * prepared image's size.
 */
export function writeCrop(
  prepared: PreparedImage,
  crop: Crop,
  preprocessing: Preprocessing,
  target: Float32Array,
  layout: CropLayout,
  shift?: Float64Array,
): void {
  checkCrop(prepared, crop);
  checkLayout(prepared, layout, target.length);
  const { meanImage } = preprocessing;
  if (meanImage) {
    writeLessImage(prepared, crop, preprocessing, meanImage, target, layout, shift);
    return;
  }
  const own = valuesOf(preprocessing);
  const values = shift ? shifted(own, shift) : own;
  if (prepared.channels === 1) writeGrey(prepared, crop, values, target, layout);
  else writeColour(prepared, crop, preprocessing, values, target, layout);
}

function writeColour(
  { data, width, cropHeight, cropWidth }: PreparedImage,
  crop: Crop,
  preprocessing: Preprocessing,
  values: Float32Array,
  target: Float32Array,
  layout: CropLayout,
): void {
  const { firstByte, thirdByte } = bytesOf(preprocessing);
  const step = crop.mirrored ? -3 : 3;
  for (let y = 0; y < cropHeight; y++) {
    const start = (crop.row + y) * width + crop.column + (crop.mirrored ? cropWidth - 1 : 0);
    let from = start * 3;
    let to = layout.offset + y * layout.row;
    for (let x = 0; x < cropWidth; x++) {
      target[to] = values[data[from + firstByte]];
      target[to + layout.channel] = values[256 + data[from + 1]];
      target[to + 2 * layout.channel] = values[512 + data[from + thirdByte]];
      from += step;
      to += layout.column;
    }
  }
}

function writeGrey(
  { data, width, cropHeight, cropWidth }: PreparedImage,
  crop: Crop,
  values: Float32Array,
  target: Float32Array,
  layout: CropLayout,
): void {
  const step = crop.mirrored ? -1 : 1;
  for (let y = 0; y < cropHeight; y++) {
    let from = (crop.row + y) * width + crop.column + (crop.mirrored ? cropWidth - 1 : 0);
    let to = layout.offset + y * layout.row;
    for (let x = 0; x < cropWidth; x++) {
      target[to] = values[data[from]];
      from += step;
      to += layout.column;
    }
  }
}

/** Less a mean image, whose pixels lie as those of the prepared image do, a channel after the other. */
function writeLessImage(
  { data, width, height, channels, cropHeight, cropWidth }: PreparedImage,
  crop: Crop,
  preprocessing: Preprocessing,
  mean: Float32Array,
  target: Float32Array,
  layout: CropLayout,
  shift: Float64Array | undefined,
): void {
  const { scale, std } = preprocessing;
  const pixels = width * height;
  if (mean.length !== channels * pixels)
    throw imageErrors.meanImageSize(mean.length, channels, height, width);
  const step = crop.mirrored ? -1 : 1;
  for (let channel = 0; channel < channels; channel++) {
    const byte = preprocessing.channels === "BGR" ? 2 - channel : channel;
    const less = channel * pixels;
    const divisor = std[channel];
    const more = shift?.[channel] ?? 0;
    for (let y = 0; y < cropHeight; y++) {
      let from = (crop.row + y) * width + crop.column + (crop.mirrored ? cropWidth - 1 : 0);
      let to = layout.offset + channel * layout.channel + y * layout.row;
      for (let x = 0; x < cropWidth; x++) {
        target[to] = Math.fround((data[from * channels + byte] * scale - mean[less + from]) / divisor) + more;
        from += step;
        to += layout.column;
      }
    }
  }
}

/** Bytes of a pixel that become the first and the third channel; green is in the middle either way. */
function bytesOf({ channels }: Preprocessing): { firstByte: number; thirdByte: number } {
  return channels === "BGR" ? { firstByte: 2, thirdByte: 0 } : { firstByte: 0, thirdByte: 2 };
}

/** The tables of preprocessings: for an image of 32 x 32 pixels one takes as long to make as to use. */
const tables = new WeakMap<Preprocessing, Float32Array>();

/** The value of every byte, 256 for each channel in the order of `preprocessing.channels`. */
function valuesOf(preprocessing: Preprocessing): Float32Array {
  let values = tables.get(preprocessing);
  if (values === undefined) {
    const { scale, mean, std } = preprocessing;
    values = Float32Array.from({ length: 256 * mean.length }, (_, at) => {
      const channel = at >> 8;
      return ((at & 255) * scale - mean[channel]) / std[channel];
    });
    tables.set(preprocessing, values);
  }
  return values;
}

/** One for all images, since each is done with before the next. */
const shiftedValues = new Float32Array(3 * 256);

function shifted(values: Float32Array, shift: Float64Array): Float32Array {
  for (let at = 0; at < values.length; at++) shiftedValues[at] = values[at] + shift[at >> 8];
  return shiftedValues;
}

function checkCrop(prepared: PreparedImage, { row, column }: Crop): void {
  const maximumRow = prepared.height - prepared.cropHeight;
  const maximumColumn = prepared.width - prepared.cropWidth;
  const inside = (value: number, maximum: number) =>
    Number.isInteger(value) && value >= 0 && value <= maximum;
  if (!inside(row, maximumRow) || !inside(column, maximumColumn))
    throw imageErrors.cropOutside(row, column, maximumRow, maximumColumn);
}

/** Typed arrays drop writes outside them in silence, so the extremes are checked first. */
function checkLayout(prepared: PreparedImage, layout: CropLayout, length: number): void {
  const spans = [
    (prepared.channels - 1) * layout.channel,
    (prepared.cropHeight - 1) * layout.row,
    (prepared.cropWidth - 1) * layout.column,
  ];
  const first = spans.reduce((sum, span) => sum + Math.min(span, 0), layout.offset);
  const last = spans.reduce((sum, span) => sum + Math.max(span, 0), layout.offset);
  if (!(first >= 0 && last < length)) throw imageErrors.targetTooSmall(first, last, length);
}
