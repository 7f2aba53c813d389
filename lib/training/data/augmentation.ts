/** How training images are varied, as plain data. */
import { dataErrors } from "../../errors/data.js";
import type { Shape } from "../../network/layers.js";
import type { Triple } from "./eigen.js";

/**
 * Directions in which the colours of images differ: the eigenvectors of the covariance of red, green and blue over the
 * pixels of a training set, values from 0 to 1, and its eigenvalues.
 */
export interface ColourComponents {
  /** From 0; the variances along the vectors. */
  readonly eigenvalues: Triple;
  /** `eigenvectors[i]`, red, green and blue, belongs to `eigenvalues[i]`. */
  readonly eigenvectors: readonly [Triple, Triple, Triple];
}

/**
 * Noise on the colours of an image, the same for all of its pixels (the paper, section 4.1): the sum over i of
 * a[i] * eigenvalues[i] * eigenvectors[i], where each a[i] is drawn from a normal distribution with a mean of 0 and a
 * standard deviation of `sigma`, anew whenever the image is used.
 *
 * So far as printed. What it gives depends on the scale of the pixels, which the paper does not say, since eigenvalues are
 * variances: here it is 0 to 1, as in most uses since (fb.resnet.torch and its heirs), and ImageNet's noise has a standard
 * deviation of about 5.5 of 255 along its first vector. The original program reads standard deviations where the paper
 * says eigenvalues (convdata_jpeg.py, `color_stdevs`), which makes it twice as strong in the first direction and fifteen
 * times in the third: give the square roots as `eigenvalues` for that.
 */
export interface ColourNoise<Components = ColourComponents | "measured"> {
  /** From 0; the paper has 0.1. */
  readonly sigma: number;
  /** "measured": over the training set. */
  readonly components: Components;
}

/**
 * How an image is varied, in this order: padded, cut, mirrored. All draws are of the image's own for each epoch. Noise
 * goes to the image before it is padded, and the cutout is the last.
 */
export interface Augmentation<Components = ColourComponents | "measured"> {
  /**
   * Which part of the prepared image the network sees. "random": each of its size with equal probability, the last row
   * and column included (33 x 33 places for 224 of 256, as the original program has them). "centre": that of evaluation.
   */
  readonly crop: "random" | "centre";
  /** Pixels that are put around the image before a random crop; 0 where left out. */
  readonly pad?: number;
  /**
   * What padding holds: "zeros" of the network's input, which are the mean where one is subtracted (K. He et al., "Deep
   * residual learning", 2016, section 4.2), or the image's "reflection" without its edge; zeros where left out.
   */
  readonly padding?: "zeros" | "reflection";
  /** Whether left and right are exchanged in half of all uses. */
  readonly mirror: boolean;
  /** No noise where left out. */
  readonly colour?: ColourNoise<Components>;
  /**
   * The side in pixels of a square that is set to zero in the network's input, around any of its pixels, so that it may
   * reach out of it (T. DeVries and G. W. Taylor, "Improved regularization of convolutional neural networks with cutout",
   * 2017); none where left out.
   */
  readonly cutout?: number;
}

/** An augmentation in which nothing is to be measured any more. */
export type MeasuredAugmentation = Augmentation<ColourComponents>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTriple = (value: unknown, holds: (item: number) => boolean): boolean =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((item) => Number.isFinite(item) && holds(item as number));

function checkFields(
  at: string,
  value: unknown,
  known: readonly string[],
): asserts value is Record<string, unknown> {
  if (!isObject(value)) throw dataErrors.option(at, value, `an object of ${known.join(", ")}`);
  const unknown = Object.keys(value).find((field) => !known.includes(field));
  if (unknown !== undefined)
    throw dataErrors.option(`${at}.${unknown}`, value[unknown], `left out: known are ${known.join(", ")}`);
}

/**
 * Checks an augmentation that someone wrote, as JSON, say, by itself.
 * @param at what it is called in messages
 * @throws AlexNetError OPTION_INVALID naming the field, what was got and the rule.
 */
export function checkAugmentation(value: unknown, at = "augmentation"): Augmentation {
  checkFields(at, value, ["crop", "pad", "padding", "mirror", "colour", "cutout"]);
  const { crop, pad, padding, mirror, colour, cutout } = value;
  const refuse = (field: string, got: unknown, rule: string): never => {
    throw dataErrors.option(`${at}.${field}`, got, rule);
  };
  const isWhole = (number: unknown, least: number) =>
    Number.isSafeInteger(number) && (number as number) >= least;
  if (crop !== "random" && crop !== "centre") refuse("crop", crop, '"random" or "centre"');
  if (pad !== undefined && !isWhole(pad, 0)) refuse("pad", pad, "a whole number of pixels from 0");
  if (pad !== undefined && pad !== 0 && crop === "centre")
    refuse("pad", pad, "0 or left out with a centre crop");
  if (padding !== undefined && padding !== "zeros" && padding !== "reflection")
    refuse("padding", padding, '"zeros" or "reflection"');
  if (typeof mirror !== "boolean") refuse("mirror", mirror, "true or false");
  if (colour !== undefined) checkColour(`${at}.colour`, colour);
  if (cutout !== undefined && !isWhole(cutout, 1))
    refuse("cutout", cutout, "a whole number of pixels from 1");
  return value as unknown as Augmentation;
}

function checkColour(at: string, value: unknown): void {
  checkFields(at, value, ["sigma", "components"]);
  const { sigma, components } = value;
  if (!Number.isFinite(sigma) || (sigma as number) < 0)
    throw dataErrors.option(`${at}.sigma`, sigma, "a number from 0");
  if (components === "measured") return;
  if (!isObject(components))
    throw dataErrors.option(
      `${at}.components`,
      components,
      '"measured", or an object of eigenvalues, eigenvectors',
    );
  checkFields(`${at}.components`, components, ["eigenvalues", "eigenvectors"]);
  const { eigenvalues, eigenvectors } = components;
  if (!isTriple(eigenvalues, (item) => item >= 0))
    throw dataErrors.option(`${at}.components.eigenvalues`, eigenvalues, "three numbers from 0");
  if (
    !Array.isArray(eigenvectors) ||
    eigenvectors.length !== 3 ||
    !eigenvectors.every((vector) => isTriple(vector, () => true))
  )
    throw dataErrors.option(`${at}.components.eigenvectors`, eigenvectors, "three lists of three numbers");
}

/**
 * Checks that an augmentation can be done for a network's input.
 * @throws AlexNetError OPTION_INVALID naming the field, what was got and the rule.
 */
export function checkFits(augmentation: Augmentation, [channels, height, width]: Shape): void {
  const { pad = 0, padding = "zeros", colour, cutout = 1 } = augmentation;
  const crops = `the crops of ${height} x ${width}`;
  const side = Math.min(height, width);
  // of a crop that reaches over the edge, reflection takes pixels that are in it
  const most = padding === "zeros" ? side - 1 : Math.floor((side - 1) / 2);
  if (pad > most)
    throw dataErrors.option("augmentation.pad", pad, `at most ${most} with ${padding} and ${crops}`);
  if (cutout > side) throw dataErrors.option("augmentation.cutout", cutout, `at most ${side} with ${crops}`);
  if (colour && channels !== 3)
    throw dataErrors.option(
      "augmentation.colour",
      colour,
      `left out where the network takes ${channels} channel`,
    );
}

/** @throws AlexNetError OPTION_INVALID where something is still to be measured. */
export function checkMeasured(augmentation: Augmentation): asserts augmentation is MeasuredAugmentation {
  if (augmentation.colour?.components === "measured")
    throw dataErrors.option(
      "augmentation.colour.components",
      "measured",
      "their numbers, which prepareTraining measures",
    );
}
