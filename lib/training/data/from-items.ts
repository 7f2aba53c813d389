/** A data set of any iterable of images and labels. */
import { mapAhead } from "../../async/map-ahead.js";
import { dataErrors } from "../../errors/data.js";
import { byName, decodeImage, type Image } from "../../images/index.js";
import { LARGEST_IMAGE } from "../../weights/metadata.js";
import type { Dataset } from "./dataset.js";
import { defaultImageBytes } from "./memory.js";

export interface LabelledImage {
  /** The path of an image file, the bytes of one, or pixels [height, width, channels]. */
  readonly image: string | Uint8Array | Image;
  /** A class's index, or its name. */
  readonly label: number | string;
}

export interface ItemOptions {
  /**
   * Class names by index. Where left out, they are the names that labels are, in their order (code units), or "0", "1"
   * ... up to the largest label.
   */
  readonly classes?: readonly string[];
  /** Bytes that images may take in memory, as they come: files packed, pixels not; `defaultImageBytes` where left out. */
  readonly maxBytes?: number;
  /** What the data set is called in messages; "images" where left out. */
  readonly source?: string;
  readonly signal?: AbortSignal;
}

/** Bytes of one image beside its own: its object, its label, its place in a list. */
const OVERHEAD = 100;

/**
 * Reads all items into memory, so that training can take them in any order again and again. Of a path only the path is
 * kept: its file is read whenever it is wanted.
 * @throws AlexNetError OPTION_INVALID for an option; INPUT_INVALID for an item, told by its number from 0, or where
 * there is none; MEMORY_TOO_LARGE past `maxBytes`; the signal's reason; what the iterable throws.
 */
export async function datasetFrom(
  items: Iterable<LabelledImage> | AsyncIterable<LabelledImage>,
  options: ItemOptions = {},
): Promise<Dataset> {
  const { classes, maxBytes = defaultImageBytes(), source = "images", signal } = options;
  checkOptions(items, classes, maxBytes);
  const images: (string | Uint8Array | Image)[] = [];
  const labels: (number | string)[] = [];
  let bytes = 0;
  // at once when it comes: the iterable may then use its memory again
  const keep = (item: LabelledImage): Promise<void> => {
    const index = images.length;
    const image = ownImage(index, item);
    bytes += OVERHEAD + bytesOf(image);
    if (bytes > maxBytes) throw dataErrors.tooManyBytes(index, maxBytes);
    labels.push(checkedLabel(index, item.label, labels[0]));
    images.push(image);
    return Promise.resolve();
  };
  // the signal ends it while the iterable keeps it waiting
  const kept = mapAhead(items, keep, { ahead: 1, concurrency: 1, signal });
  for (let next = await kept.next(); !next.done;) next = await kept.next();
  if (images.length === 0) throw dataErrors.noItems(source);
  const names = classes ?? namesOf(labels);
  return new ItemDataset(source, names, images, indicesOf(labels, names));
}

type Own = string | Uint8Array | Image;

class ItemDataset implements Dataset {
  readonly source: string;
  readonly classes: readonly string[];
  readonly size: number;
  readonly inMemory: boolean;
  readonly shape?: readonly [number, number, number];
  readonly #images: readonly Own[];
  readonly #labels: Int32Array;

  constructor(source: string, classes: readonly string[], images: readonly Own[], labels: Int32Array) {
    this.source = source;
    this.classes = classes;
    this.size = images.length;
    this.#images = images;
    this.#labels = labels;
    this.inMemory = images.every(isPixels);
    const shape = commonShape(images);
    if (shape) this.shape = shape;
  }

  label(index: number): number {
    return this.#labels[index];
  }

  pixels(index: number, signal?: AbortSignal): Promise<Image> | Image {
    const image = this.#images[index];
    return isPixels(image) ? image : decoded(image, signal);
  }
}

async function decoded(image: string | Uint8Array, signal: AbortSignal | undefined): Promise<Image> {
  return { ...(await decodeImage(image, { signal })), channels: 3 };
}

const isPixels = (image: Own): image is Image => typeof image === "object" && !(image instanceof Uint8Array);

function commonShape(images: readonly Own[]): readonly [number, number, number] | undefined {
  const [first] = images;
  if (!isPixels(first)) return undefined;
  const { channels, height, width } = first;
  const alike = images.every(
    (image) =>
      isPixels(image) && image.channels === channels && image.height === height && image.width === width,
  );
  return alike ? [channels, height, width] : undefined;
}

function checkOptions(items: unknown, classes: unknown, maxBytes: unknown): void {
  const iterable =
    typeof items === "object" &&
    items !== null &&
    (Symbol.asyncIterator in items || Symbol.iterator in items);
  if (!iterable) throw dataErrors.option("items", items, "an iterable or async iterable of { image, label }");
  const isNames =
    classes === undefined ||
    (Array.isArray(classes) && classes.length > 0 && classes.every((name) => typeof name === "string"));
  if (!isNames) throw dataErrors.option("classes", classes, "a list of class names");
  if (typeof maxBytes !== "number" || !(maxBytes > 0))
    throw dataErrors.option("maxBytes", maxBytes, "a number of bytes above 0");
}

/** The item's image in memory of its own: an iterable may use its memory again. */
function ownImage(index: number, item: unknown): Own {
  const image = (Object(item) as { image?: unknown }).image;
  if (typeof image === "string") return image;
  if (image instanceof Uint8Array) return image.slice();
  const { width, height, channels, data } = Object(image) as Partial<Image>;
  const isSide = (side: unknown) =>
    Number.isInteger(side) && (side as number) >= 1 && (side as number) <= LARGEST_IMAGE;
  if (
    !isSide(width) ||
    !isSide(height) ||
    (channels !== 1 && channels !== 3) ||
    !(data instanceof Uint8Array) ||
    data.length !== Number(width) * Number(height) * channels
  )
    throw dataErrors.item(
      index,
      "image",
      image,
      `a path, the bytes of an image file, or { width, height, channels, data } with 1 or 3 channels, sides up to` +
        ` ${LARGEST_IMAGE} and as many bytes of data`,
    );
  return { width: Number(width), height: Number(height), channels, data: data.slice() };
}

function bytesOf(image: Own): number {
  if (typeof image === "string") return 2 * image.length;
  return image instanceof Uint8Array ? image.length : image.data.length;
}

function checkedLabel(index: number, label: unknown, first: number | string | undefined): number | string {
  const isIndex = Number.isInteger(label) && (label as number) >= 0 && (label as number) < 2 ** 31;
  if (!isIndex && typeof label !== "string")
    throw dataErrors.item(index, "label", label, "a class's index, a whole number from 0, or its name");
  if (first !== undefined && typeof first !== typeof label)
    throw dataErrors.item(index, "label", label, `a ${typeof first}, as the label before it is`);
  return label as number | string;
}

/** Larger numbers of classes are mistakes, and a list of their names would take memory. */
const MOST_CLASSES = 1_000_000;

function namesOf(labels: readonly (number | string)[]): readonly string[] {
  if (typeof labels[0] === "string") return [...new Set(labels as string[])].sort(byName);
  const largest = (labels as number[]).reduce((most, label) => Math.max(most, label), 0);
  if (largest >= MOST_CLASSES)
    throw dataErrors.item(labels.indexOf(largest), "label", largest, `below ${MOST_CLASSES}`);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

function indicesOf(labels: readonly (number | string)[], classes: readonly string[]): Int32Array {
  const byClass = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from(labels, (label, index) => {
    const found = typeof label === "string" ? byClass.get(label) : label;
    if (found === undefined || found >= classes.length)
      throw dataErrors.item(index, "label", label, `one of the ${classes.length} classes`);
    return found;
  });
}
