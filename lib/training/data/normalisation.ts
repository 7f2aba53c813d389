/** From what a recipe says of the pixels' arithmetic to a network's preprocessing. */
import { dataErrors } from "../../errors/data.js";
import type { Shape } from "../../network/layers.js";
import { channelsOf, type Framing, type Preprocessing } from "../../network/preprocessing.js";
import { checkPreprocessing } from "../../weights/metadata.js";
import type { Statistics } from "./statistics.js";

/**
 * How images become the network's input: a preprocessing whose mean and standard deviation may be measured over the
 * training set. What is left out of the rest is that of the network, where it is published, or else RGB or grey as the
 * network has input channels, a scale of 1 / 255, the shorter side resized to the larger side of the network's input by
 * Pillow's filter, the centre truncated.
 */
export interface Normalisation extends Partial<Framing> {
  /**
   * What is subtracted: "image", the mean of each pixel (the paper, section 2); "colour", the mean of each channel; "none";
   * or a number a channel, on the scale of `scale`.
   */
  readonly mean: "image" | "colour" | "none" | readonly number[];
  /** What is divided by: "measured", the standard deviation of what is left, for each channel; "none"; or numbers. */
  readonly std: "measured" | "none" | readonly number[];
  /** As in Preprocessing. */
  readonly scale?: number;
}

const FIELDS: readonly (keyof Normalisation)[] = [
  "mean",
  "std",
  "scale",
  "channels",
  "resize",
  "size",
  "filter",
  "centre",
];

/**
 * Checks a normalisation that someone wrote, as JSON, say; what it has in common with a preprocessing is checked when it
 * becomes one (`preprocessingOf`).
 * @param at what it is called in messages
 * @throws AlexNetError OPTION_INVALID naming the field, what was got and the rule.
 */
export function checkNormalisation(value: unknown, at = "normalisation"): Normalisation {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw dataErrors.option(at, value, `an object of ${FIELDS.join(", ")}`);
  const fields = value as Record<string, unknown>;
  const unknown = Object.keys(fields).find((field) => !(FIELDS as readonly string[]).includes(field));
  if (unknown !== undefined)
    throw dataErrors.option(`${at}.${unknown}`, fields[unknown], `left out: known are ${FIELDS.join(", ")}`);
  const { mean, std } = fields;
  if (!Array.isArray(mean) && mean !== "image" && mean !== "colour" && mean !== "none")
    throw dataErrors.option(`${at}.mean`, mean, '"image", "colour", "none" or a list of numbers');
  if (!Array.isArray(std) && std !== "measured" && std !== "none")
    throw dataErrors.option(`${at}.std`, std, '"measured", "none" or a list of numbers');
  return value as Normalisation;
}

/** Which statistics of the training set it needs. */
export const isMeasured = ({ mean, std }: Normalisation): boolean =>
  mean === "image" || mean === "colour" || std === "measured";

/** A preprocessing but for its mean and standard deviation. */
export type Frame = Framing & Pick<Preprocessing, "scale">;

/**
 * How images are framed for a network's input [C, H, W].
 * @param base the network's own preprocessing, where it is published
 * @throws AlexNetError OPTION_INVALID for a field that is wrong.
 */
export function frameOf(normalisation: Normalisation, input: Shape, base: Frame | undefined): Frame {
  const own: Frame = {
    channels: input[0] === 1 ? "grey" : "RGB",
    scale: 1 / 255,
    resize: "shorter-side",
    size: Math.max(...input.slice(1)),
    filter: "pil",
    centre: "truncate",
  };
  const { channels, scale, resize, size, filter, centre } = { ...own, ...base, ...definedOf(normalisation) };
  const frame = { channels, scale, resize, size, filter, centre };
  const ones = Array.from({ length: channelsOf(frame) }, () => 1);
  checked({ ...frame, mean: ones, std: ones });
  return frame;
}

/**
 * The preprocessing with its numbers.
 * @param statistics where `isMeasured`
 * @throws AlexNetError OPTION_INVALID for a field that is wrong; DATA_INVALID for a channel without a deviation.
 */
export function preprocessingFrom(
  { mean, std }: Normalisation,
  frame: Frame,
  statistics: Statistics | undefined,
): Preprocessing {
  const count = channelsOf(frame);
  const measured = (): Statistics => {
    if (statistics === undefined) throw new Error("a normalisation that is to be measured needs statistics");
    return statistics;
  };
  const constant = (value: number) => Array.from({ length: count }, () => value);
  // statistics have red first
  const ordered = (values: readonly number[]) => (frame.channels === "BGR" ? values.toReversed() : values);
  const scaled = (values: readonly number[]) => ordered(values).map((value) => value * frame.scale);
  const colour = () => scaled(measured().meanColour());
  const about = mean === "image" ? "image" : "colour";
  return checked({
    ...frame,
    mean: mean === "none" ? constant(0) : typeof mean === "string" ? colour() : mean,
    std: std === "none" ? constant(1) : typeof std === "string" ? scaled(measured().deviations(about)) : std,
    ...(mean === "image" && { meanImage: meanImageOf(measured().meanImage(), frame) }),
  });
}

function meanImageOf(planes: Float64Array, { channels, scale }: Frame): Float32Array {
  const image = Float32Array.from(planes, (value) => value * scale);
  if (channels !== "BGR") return image;
  const plane = image.length / 3;
  const turned = new Float32Array(image.length);
  for (let channel = 0; channel < 3; channel++)
    turned.set(image.subarray(channel * plane, (channel + 1) * plane), (2 - channel) * plane);
  return turned;
}

/** Fields that say nothing do not hide those below them. */
const definedOf = (normalisation: Normalisation): Partial<Frame> =>
  Object.fromEntries(Object.entries(normalisation).filter(([, value]) => value !== undefined));

function checked(preprocessing: Preprocessing): Preprocessing {
  try {
    return checkPreprocessing(preprocessing);
  } catch (cause) {
    throw dataErrors.normalisation(cause);
  }
}
