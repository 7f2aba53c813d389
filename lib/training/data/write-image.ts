/** One training image into the network's input: cut, mirrored, normalised, its colours varied. */
import { writeCrop, type Crop, type PreparedImage } from "../../images/index.js";
import type { Shape } from "../../network/layers.js";
import type { Preprocessing } from "../../network/preprocessing.js";
import type { MeasuredAugmentation } from "./augmentation.js";
import { ImageDraws } from "./draws.js";

/** Part of the network's input along one axis that pixels of the image fill: from `start` to before `end`. */
interface ScheduleSpan {
  readonly start: number;
  readonly end: number;
}

/** What is seen of an image: a corner inside it, and the part of the network's input that its pixels fill. */
interface View extends Crop {
  readonly rows: ScheduleSpan;
  readonly columns: ScheduleSpan;
}

/**
 * Writes images as scoring does (`writeCrop`), varied by an augmentation. What is drawn belongs to the seed, the epoch and
 * the image's index.
 */
export class ImageWriter {
  readonly #preprocessing: Preprocessing;
  readonly #height: number;
  readonly #width: number;
  readonly #channels: number;
  readonly #draws: ImageDraws;
  /** What noise adds to each channel of the network's input. */
  readonly #shift: Float64Array;

  /** @param input the network's, [C, H, W] */
  constructor(preprocessing: Preprocessing, [channels, height, width]: Shape, seed: number) {
    this.#preprocessing = preprocessing;
    this.#channels = channels;
    this.#height = height;
    this.#width = width;
    this.#draws = new ImageDraws(seed);
    this.#shift = new Float64Array(channels);
  }

  /**
   * @param index the image's in the data set, which its draws belong to
   * @param offset of [C, H, W] in `target`, in elements
   */
  write(
    image: PreparedImage,
    augmentation: MeasuredAugmentation,
    epoch: number,
    index: number,
    target: Float32Array,
    offset: number,
  ): void {
    const { pad = 0, padding = "zeros", colour, cutout } = augmentation;
    this.#draws.moveTo(epoch, index);
    const view = this.#view(image, augmentation, pad);
    this.#copy(image, view, this.#noise(colour), target, offset);
    const { rows, columns } = view;
    const height = this.#height;
    const width = this.#width;
    for (let channel = 0; channel < this.#channels; channel++) {
      const plane = offset + channel * height * width;
      if (padding === "zeros") clearAround(target, plane, height, width, rows, columns);
      else reflect(target, plane, height, width, rows, columns);
      if (cutout !== undefined) this.#cut(cutout, target, plane);
    }
  }

  #view(image: PreparedImage, { crop, mirror }: MeasuredAugmentation, pad: number): View {
    const height = this.#height;
    const width = this.#width;
    const random = crop === "random";
    const row = random ? this.#draws.row(image.height - height + 2 * pad + 1) - pad : image.centreRow;
    const column = random ? this.#draws.column(image.width - width + 2 * pad + 1) - pad : image.centreColumn;
    const mirrored = mirror && this.#draws.mirrored();
    const across = spanOf(column, image.width, width);
    return {
      row: Math.max(row, 0),
      column: Math.max(column, 0),
      mirrored,
      rows: spanOf(row, image.height, height),
      columns: mirrored ? { start: width - across.end, end: width - across.start } : across,
    };
  }

  /** The part of the crop that lies in the image. */
  #copy(
    { width, height, channels, data }: PreparedImage,
    view: View,
    shift: Float64Array | undefined,
    target: Float32Array,
    offset: number,
  ): void {
    const { rows, columns } = view;
    const cropHeight = rows.end - rows.start;
    const cropWidth = columns.end - columns.start;
    const part = { width, height, channels, data, cropHeight, cropWidth, centreRow: 0, centreColumn: 0 };
    const layout = {
      offset: offset + rows.start * this.#width + columns.start,
      channel: this.#height * this.#width,
      row: this.#width,
      column: 1,
    };
    writeCrop(part, view, this.#preprocessing, target, layout, shift);
  }

  /** What is added to each channel of the network's input; undefined for no noise. */
  #noise(colour: MeasuredAugmentation["colour"]): Float64Array | undefined {
    if (colour === undefined) return undefined;
    const { eigenvalues, eigenvectors } = colour.components;
    const { channels, scale, std } = this.#preprocessing;
    const shift = this.#shift.fill(0);
    for (const component of [0, 1, 2] as const) {
      const amount = colour.sigma * this.#draws.normal(component) * eigenvalues[component];
      // eigenvectors have red first
      for (let channel = 0; channel < 3; channel++)
        shift[channel] += amount * eigenvectors[component][channels === "BGR" ? 2 - channel : channel];
    }
    for (let channel = 0; channel < 3; channel++) shift[channel] *= (255 * scale) / std[channel];
    return shift;
  }

  #cut(side: number, target: Float32Array, plane: number): void {
    const height = this.#height;
    const width = this.#width;
    const top = this.#draws.cutoutRow(height) - Math.floor(side / 2);
    const left = this.#draws.cutoutColumn(width) - Math.floor(side / 2);
    const from = Math.max(left, 0);
    const to = Math.min(left + side, width);
    for (let y = Math.max(top, 0); y < Math.min(top + side, height); y++)
      target.fill(0, plane + y * width + from, plane + y * width + to);
  }
}

/** Of a crop of `length` at `from` of an image of `size`. */
const spanOf = (from: number, size: number, length: number): ScheduleSpan => ({
  start: Math.max(0, -from),
  end: Math.min(length, size - from),
});

function clearAround(
  target: Float32Array,
  plane: number,
  height: number,
  width: number,
  rows: ScheduleSpan,
  columns: ScheduleSpan,
): void {
  target.fill(0, plane, plane + rows.start * width);
  target.fill(0, plane + rows.end * width, plane + height * width);
  if (columns.start === 0 && columns.end === width) return;
  // a few elements at a time, for which fill() is slow
  for (let y = rows.start; y < rows.end; y++) {
    const line = plane + y * width;
    for (let x = 0; x < columns.start; x++) target[line + x] = 0;
    for (let x = columns.end; x < width; x++) target[line + x] = 0;
  }
}

/** What is outside of the image as what is as far inside of its first or last pixel, row by row, then whole rows. */
function reflect(
  target: Float32Array,
  plane: number,
  height: number,
  width: number,
  rows: ScheduleSpan,
  columns: ScheduleSpan,
): void {
  for (let y = rows.start; y < rows.end; y++) {
    const line = plane + y * width;
    for (let x = 0; x < columns.start; x++) target[line + x] = target[line + 2 * columns.start - x];
    for (let x = columns.end; x < width; x++) target[line + x] = target[line + 2 * (columns.end - 1) - x];
  }
  const copy = (from: number, to: number) => {
    target.copyWithin(plane + to * width, plane + from * width, plane + (from + 1) * width);
  };
  for (let y = 0; y < rows.start; y++) copy(2 * rows.start - y, y);
  for (let y = rows.end; y < height; y++) copy(2 * (rows.end - 1) - y, y);
}
