/** An image in memory: RGB bytes, interleaved, rows from the top without padding, [height, width, 3]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An image in memory, in colour or grey: bytes, interleaved, rows from the top without padding. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** [height, width, channels]; three channels are RGB. */
  readonly data: Uint8Array;
}

/** A rectangle of pixels, such as the part of a resized image that is wanted. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Gives the memory of pixels that nobody needs any more back at once: `data` is empty then. V8's collector comes to
 * memory outside of its heap late, and runs over all of the heap for every few megabytes of it. It is left to it where
 * Node is older than 21, which cannot do better, and where `data` is only a part of its memory.
 */
export function letGo({ data }: Pixels): void {
  if (data.byteLength !== data.buffer.byteLength) return;
  (data.buffer as { transfer?(bytes: number): unknown }).transfer?.(0);
}

/** To the nearest integer, halves to the even one: Python's `round`, C's `rint` in its default mode. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
