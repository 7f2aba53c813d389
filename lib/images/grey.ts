/** Between colour and grey, in bytes. */

/** Weights of ITU-R BT.601 (0.299, 0.587, 0.114) in 65536ths, as Pillow's conversion to mode L has them. */
const RED = 19_595;
const GREEN = 38_470;
const BLUE = 7_471;
const HALF = 32_768;

/**
 * The luma of RGB bytes, a third as many, rounded to the nearest. The weights add up to one: where the three are equal
 * their value is the luma.
 */
export function toGrey(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let at = 0, from = 0; at < grey.length; at++, from += 3)
    grey[at] = (rgb[from] * RED + rgb[from + 1] * GREEN + rgb[from + 2] * BLUE + HALF) >>> 16;
  return grey;
}

/** Grey bytes as RGB, three equal ones for each, whose luma is the grey again. */
export function toColour(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let at = 0, to = 0; at < grey.length; at++, to += 3) rgb.fill(grey[at], to, to + 3);
  return rgb;
}
