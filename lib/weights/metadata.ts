/** What this package writes beside the tensors: the network, the preprocessing and the labels, as strings: JSON, but base64 for a mean image. */
import { reasonOf } from "../errors/base.js";
import { weightsErrors } from "../errors/weights.js";
import { defineNetwork } from "../network/define.js";
import type { Network } from "../network/layers.js";
import { channelsOf, type Preprocessing } from "../network/preprocessing.js";
import { elementsOf, inferShapes } from "../network/shapes.js";
import { parseJson, plainJson } from "./json.js";
import { bytesOf, firstNotFinite } from "./numbers.js";
import type { Purpose } from "./weights.js";

/** `format` of the files of this package; other files may use the same keys for something else. */
const FORMAT = "alexnet-threads";

/** Whether metadata is of a file of this package. */
export const isOwnMetadata = (metadata: ReadonlyMap<string, string>): boolean =>
  metadata.get("format") === FORMAT;

/** Characters of one field of JSON. 1000 class names have 30 thousand. */
const LONGEST_TEXT = 1 << 20;

/**
 * @param path the file that is written, for errors
 * @throws AlexNetError WEIGHTS_UNWRITABLE for a field of JSON that would not be read back.
 */
export function metadataFromPurpose(
  path: string,
  { network, preprocessing, labels }: Purpose,
): Record<string, string> {
  const { meanImage, ...recipe } = preprocessing ?? {};
  const json = (field: string, value: unknown): Record<string, string> => {
    const text = JSON.stringify(value);
    if (text.length > LONGEST_TEXT)
      throw weightsErrors.metadataTooLarge(path, field, text.length, LONGEST_TEXT, "characters");
    return { [field]: text };
  };
  return {
    format: FORMAT,
    ...(network && json("network", network)),
    ...(preprocessing && json("preprocessing", recipe)),
    ...(meanImage && { meanImage: Buffer.from(bytesOf(meanImage)).toString("base64") }),
    ...(labels && json("labels", labels)),
  };
}

/**
 * @param where what the format calls its metadata
 * @throws AlexNetError WEIGHTS_INVALID naming the field.
 */
export function purposeFromMetadata(
  source: string,
  metadata: ReadonlyMap<string, string>,
  where = "__metadata__",
): Purpose {
  if (!isOwnMetadata(metadata)) return {};
  const read = <T>(field: string, take: (text: string) => T): T | undefined => {
    const text = metadata.get(field);
    if (text === undefined) return undefined;
    try {
      return take(text);
    } catch (cause) {
      throw weightsErrors.metadata(source, `${where} ${field}`, cause);
    }
  };
  const network = read("network", (text) => defineNetwork(jsonOf(text)));
  const recipe = read("preprocessing", (text) => checkPreprocessing(jsonOf(text)));
  const preprocessing = read("meanImage", (text) => withMeanImage(recipe, text)) ?? recipe;
  const labels = read("labels", (text) => checkLabels(jsonOf(text), network));
  return { ...(network && { network }), ...(preprocessing && { preprocessing }), ...(labels && { labels }) };
}

function jsonOf(text: string): unknown {
  if (text.length > LONGEST_TEXT)
    throw weightsErrors.metadataField("the number of its characters", text.length, `at most ${LONGEST_TEXT}`);
  try {
    return plainJson(parseJson(text));
  } catch (cause) {
    throw new SyntaxError(`it is not JSON: ${reasonOf(cause)}`, { cause });
  }
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPositive = (value: unknown): value is number => isNumber(value) && value > 0;
const isOneOf =
  (...choices: readonly unknown[]) =>
  (value: unknown): boolean =>
    choices.includes(value);

/** Pixels a side. A prepared image of this size takes 50 MB; every published recipe has 256. */
export const LARGEST_IMAGE = 4096;

/** A number for each channel, three where `channels` itself is wrong. */
const aChannel =
  (holds: (item: unknown) => boolean) =>
  (value: unknown, { channels }: Partial<Preprocessing>): boolean =>
    Array.isArray(value) &&
    value.length === channelsOf({ channels: channels ?? "RGB" }) &&
    value.every(holds);

type Needed = Exclude<keyof Preprocessing, "meanImage">;
type Rule = readonly [rule: string, holds: (value: unknown, all: Partial<Preprocessing>) => boolean];
const RULES: Record<Needed, Rule> = {
  channels: ['"RGB", "BGR" or "grey"', isOneOf("RGB", "BGR", "grey")],
  scale: ["a number above 0", isPositive],
  mean: ["three numbers, or a list of one for grey", aChannel(isNumber)],
  std: ["three numbers above 0, or a list of one for grey", aChannel(isPositive)],
  resize: ['"shorter-side" or "stretch"', isOneOf("shorter-side", "stretch")],
  size: [
    `a whole number from 1 to ${LARGEST_IMAGE}`,
    (value) => Number.isSafeInteger(value) && isPositive(value) && value <= LARGEST_IMAGE,
  ],
  filter: ['"pil" or "opencv"', isOneOf("pil", "opencv")],
  centre: ['"round" or "truncate"', isOneOf("round", "truncate")],
};

/**
 * Checks a preprocessing that someone wrote; all fields but `meanImage` are needed.
 * @throws AlexNetError WEIGHTS_INVALID naming the field, what was got and the rule.
 */
export function checkPreprocessing(value: unknown): Preprocessing {
  const needed = Object.keys(RULES);
  const known = [...needed, "meanImage"];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw weightsErrors.metadataField("preprocessing", value, `an object with ${needed.join(", ")}`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw weightsErrors.metadataField("a key", unknown, `one of ${known.join(", ")}`);
  const fields = value as Record<string, unknown>;
  for (const [field, [rule, holds]] of Object.entries(RULES))
    if (!holds(fields[field], fields)) throw weightsErrors.metadataField(field, fields[field], rule);
  const preprocessing = fields as unknown as Preprocessing;
  checkMeanImage(fields.meanImage, channelsOf(preprocessing), preprocessing.size);
  return preprocessing;
}

function withMeanImage(preprocessing: Preprocessing | undefined, text: string): Preprocessing {
  if (preprocessing === undefined)
    throw weightsErrors.metadataField("meanImage", text, "beside a preprocessing, which it is a part of");
  const bytes = Buffer.from(text, "base64");
  // what is no base64 is passed over in silence
  if (bytes.length % 4 !== 0 || bytes.toString("base64") !== text)
    throw weightsErrors.metadataField("meanImage", text, "float32 numbers in base64");
  const meanImage = new Float32Array(bytes.length / 4);
  bytesOf(meanImage).set(bytes);
  return checkPreprocessing({ ...preprocessing, meanImage });
}

function checkMeanImage(image: unknown, channels: number, size: number): void {
  const elements = channels * size * size;
  const holds = image instanceof Float32Array && image.length === elements && firstNotFinite(image) < 0;
  if (image !== undefined && !holds)
    throw weightsErrors.metadataField(
      "meanImage",
      image,
      `a Float32Array of ${channels} x ${size} x ${size} finite numbers, as withMean makes it`,
    );
}

function checkLabels(value: unknown, network: Network | undefined): readonly string[] {
  if (!Array.isArray(value) || !value.every((label) => typeof label === "string"))
    throw weightsErrors.metadataField("labels", value, "a list of strings");
  const classes = network && elementsOf(inferShapes(network).slice(-1)[0].output);
  if (classes !== undefined && value.length !== classes)
    throw weightsErrors.metadataField(
      "the number of labels",
      value.length,
      `the network's ${classes} outputs`,
    );
  return value;
}
