/** Prepared images of one size, in bytes, as long as there is room. */

/** Bytes that are taken from the system at a time. */
const BLOCK = 4 * 2 ** 20;
/** Where the centre crop is, beside an image's bytes. */
const OFFSETS = 2;

export interface CachedImage {
  readonly data: Uint8Array;
  readonly centreRow: number;
  readonly centreColumn: number;
}

/**
 * Keeps the images that come first and never lets one go: in an epoch each image is wanted once, in a new order, so
 * whichever are kept, as many are found again.
 */
export class ImageCache {
  readonly #imageBytes: number;
  readonly #perBlock: number;
  readonly #most: number;
  /** By image, -1 where it is not kept. */
  readonly #slots: Int32Array;
  readonly #blocks: { readonly bytes: Uint8Array; readonly offsets: Int32Array }[] = [];
  #kept = 0;

  /**
   * @param images of the data set
   * @param imageBytes of each of them
   * @param bytes for all that are kept; what tells where they are, 4 bytes an image of the data set, comes on top
   */
  constructor(images: number, imageBytes: number, bytes: number) {
    this.#imageBytes = imageBytes;
    this.#most = Math.min(images, Math.floor(bytes / (imageBytes + OFFSETS * 4)));
    this.#perBlock = Math.max(1, Math.floor(BLOCK / imageBytes));
    this.#slots = new Int32Array(images).fill(-1);
  }

  /** Images that are kept now. */
  get kept(): number {
    return this.#kept;
  }

  /** A view of the image's bytes, which stay as they are; undefined where it is not kept. */
  get(index: number): CachedImage | undefined {
    const slot = this.#slots[index];
    if (slot < 0) return undefined;
    const { bytes, offsets } = this.#blocks[Math.floor(slot / this.#perBlock)];
    const at = slot % this.#perBlock;
    return {
      data: bytes.subarray(at * this.#imageBytes, (at + 1) * this.#imageBytes),
      centreRow: offsets[at * OFFSETS],
      centreColumn: offsets[at * OFFSETS + 1],
    };
  }

  /** Copies the image's bytes, where there is room and it is not kept yet. */
  put(index: number, { data, centreRow, centreColumn }: CachedImage): void {
    if (this.#kept === this.#most || this.#slots[index] >= 0) return;
    const slot = this.#kept++;
    const at = slot % this.#perBlock;
    if (at === 0) {
      const length = Math.min(this.#perBlock, this.#most - slot);
      this.#blocks.push({
        bytes: new Uint8Array(length * this.#imageBytes),
        offsets: new Int32Array(length * OFFSETS),
      });
    }
    const { bytes, offsets } = this.#blocks[this.#blocks.length - 1];
    bytes.set(data, at * this.#imageBytes);
    offsets[at * OFFSETS] = centreRow;
    offsets[at * OFFSETS + 1] = centreColumn;
    this.#slots[index] = slot;
  }
}
