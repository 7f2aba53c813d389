/** Everything that is random about batches: of the seed, the epoch and the image alone, whoever asks for it and when. */
import { normalQuantile } from "../../weights/normal.js";
import { keyOfSeed, philoxFill, type PhiloxKey } from "../../weights/philox.js";

/** Last words of the counters, so that each use of a seed draws from elsewhere ("orde" and "augm" in ASCII). */
const ORDER = 0x6f726465;
const AUGMENTATION = 0x6175676d;
/** Words that are drawn at a time. */
const CHUNK = 4096;

/**
 * The order of an epoch: the numbers 0 to `size` - 1 by Fisher and Yates' shuffle (D. E. Knuth, "The art of computer
 * programming", volume 2, algorithm P), of Philox's counters [block, 0, epoch, ORDER]. Of 53 bits for each place, none
 * is more probable than another by more than 2^-53 of `size`.
 */
export function orderOf(size: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, index) => index);
  const key = keyOfSeed(seed);
  const words = new Uint32Array(CHUNK);
  let at = CHUNK;
  let block = 0;
  for (let last = size - 1; last > 0; last--) {
    if (at === CHUNK) {
      philoxFill(key, [block, 0, epoch | 0, ORDER], words);
      block += CHUNK / 4;
      at = 0;
    }
    const other = Math.floor(fraction(words[at], words[at + 1]) * (last + 1));
    at += 2;
    const kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
  return order;
}

/** In [0, 1), of 53 bits. */
const fraction = (high: number, low: number): number => (high * 2 ** 21 + (low >>> 11)) * 2 ** -53;

/** How many words each image has in an epoch: three blocks, of which each draw has its own word, asked for or not. */
const WORDS = 12;
const ROW = 0;
const COLUMN = 1;
const MIRROR = 2;
const COLOUR = 4;
const CUTOUT = 8;

/** The draws of one image in one epoch after the other, of Philox's counters [block, image, epoch, AUGMENTATION]. */
export class ImageDraws {
  readonly #key: PhiloxKey;
  readonly #words = new Uint32Array(WORDS);

  constructor(seed: number) {
    this.#key = keyOfSeed(seed);
  }

  /** Goes to an image of the data set, whose draws the others are until the next call. */
  moveTo(epoch: number, image: number): void {
    philoxFill(this.#key, [0, image, epoch | 0, AUGMENTATION], this.#words);
  }

  /** Whole numbers from 0 to `count` - 1, each as probable as the others within 2^-32 of `count`. */
  row(count: number): number {
    return this.#below(ROW, count);
  }

  column(count: number): number {
    return this.#below(COLUMN, count);
  }

  /** In half of all cases. */
  mirrored(): boolean {
    return this.#words[MIRROR] >= 2 ** 31;
  }

  /** Of a standard normal distribution, three independent ones. */
  normal(component: 0 | 1 | 2): number {
    return normalQuantile((this.#words[COLOUR + component] + 0.5) / 2 ** 32);
  }

  cutoutRow(count: number): number {
    return this.#below(CUTOUT, count);
  }

  cutoutColumn(count: number): number {
    return this.#below(CUTOUT + 1, count);
  }

  #below(word: number, count: number): number {
    return Math.floor((this.#words[word] / 2 ** 32) * count);
  }
}
