import { networkErrors } from "../errors/network.js";
import type { Layer, LayerType, Network, Padding, Pair } from "./layers.js";
import { inferShapes } from "./shapes.js";

const TENSOR_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** Sizes past this are a slip of the pen, and their products would leave the safe integers. */
export const LARGEST_SIZE = 1 << 20;
/** AlexNet has 22. */
export const MOST_LAYERS = 256;
const WHOLE = `a whole number from 1 to ${LARGEST_SIZE}`;

/** What `defineNetwork` made, which cannot change any more. */
const defined = new WeakSet<object>();

type Fields = Record<string, unknown>;
type Check = (fields: Fields, at: string) => unknown;

/**
 * Checks a network that someone wrote (as JSON, say), fills in what has a default, and freezes it.
 *
 * Defaults: stride 1, padding 0, groups 1, bias true, rounding "floor", `countPadding` false, LRN scope "across" with
 * `alphaDividedBySize` true, dropout scaling "train". `kernel` and `stride` may be one number for both axes,
 * `padding` one number, [vertical, horizontal] or [top, left, bottom, right].
 *
 * @throws AlexNetError NETWORK_INVALID naming the layer, what was got and the rule.
 */
export function defineNetwork(description: unknown): Network {
  if (!isObject(description)) throw networkErrors.notAnObject(description);
  refuseUnknown("network", description, ["name", "input", "layers"]);
  const name = nameOf(description, "network");
  const input = description.input;
  if (!Array.isArray(input) || input.length !== 3 || !input.every(isSize))
    throw networkErrors.field(
      `network ${name}`,
      "input",
      input,
      `[channels, height, width], whole numbers from 1 to ${LARGEST_SIZE}`,
    );
  if (!Array.isArray(description.layers))
    throw networkErrors.field(`network ${name}`, "layers", description.layers, "a list of layers");
  if (description.layers.length === 0) throw networkErrors.empty(name);
  if (description.layers.length > MOST_LAYERS)
    throw networkErrors.field(
      `network ${name}`,
      "the number of layers",
      description.layers.length,
      `at most ${MOST_LAYERS}`,
    );
  const layers = description.layers.map((layer, index) => defineLayer(layer, index));
  const seen = new Set<string>();
  for (const layer of layers) {
    if (seen.has(layer.name)) throw networkErrors.duplicateName(layer.name);
    seen.add(layer.name);
  }
  // a copy of input: what the caller wrote is not frozen with the network
  const network: Network = { name, input: [input[0], input[1], input[2]], layers };
  inferShapes(network);
  defined.add(network);
  return deepFreeze(network);
}

/**
 * A network that came from anywhere, as `defineNetwork` makes it; one that it made is given back.
 * @throws AlexNetError as `defineNetwork`.
 */
export const definedNetwork = (network: Network): Network =>
  defined.has(network) ? network : defineNetwork(network);

function defineLayer(description: unknown, index: number): Layer {
  const place = `layer ${index + 1}`;
  if (!isObject(description))
    throw networkErrors.field("network", place, description, "an object with type and name");
  const name = nameOf(description, place);
  const type = description.type;
  if (typeof type !== "string" || !Object.hasOwn(LAYER_FIELDS, type))
    throw networkErrors.layerType(name, type, Object.keys(LAYER_FIELDS));
  const checks = LAYER_FIELDS[type as LayerType];
  refuseUnknown(name, description, ["type", "name", ...Object.keys(checks)]);
  const fields = Object.entries(checks).map(([field, check]) => [field, check(description, name)]);
  const layer = { type, name, ...Object.fromEntries(fields) } as Layer;
  if (layer.type === "max-pooling" || layer.type === "average-pooling") {
    const [top, left, bottom, right] = layer.padding;
    const [height, width] = layer.kernel;
    if (Math.max(top, bottom) >= height)
      throw networkErrors.paddingTooLarge(name, Math.max(top, bottom), height);
    if (Math.max(left, right) >= width)
      throw networkErrors.paddingTooLarge(name, Math.max(left, right), width);
  }
  return layer;
}

/** Only what is left out has a default: null, from JSON, is a mistake that is told. */
const given = (fields: Fields, field: string, fallback: unknown): unknown =>
  fields[field] === undefined ? fallback : fields[field];

const size =
  (field: string, fallback?: number): Check =>
  (fields, at) => {
    const value = given(fields, field, fallback);
    if (!isSize(value)) throw networkErrors.field(at, field, value, WHOLE);
    return value;
  };

const pair =
  (field: string, fallback?: number): Check =>
  (fields, at): Pair => {
    const value = given(fields, field, fallback);
    if (isSize(value)) return [value, value];
    if (Array.isArray(value) && value.length === 2 && value.every(isSize)) return [value[0], value[1]];
    throw networkErrors.field(at, field, value, `${WHOLE}, or [height, width]`);
  };

const padding: Check = (fields, at): Padding => {
  const value = given(fields, "padding", 0);
  const isPad = (item: unknown) => item === 0 || isSize(item);
  if (isPad(value)) return [value, value, value, value];
  if (Array.isArray(value) && value.every(isPad)) {
    const sides = value;
    if (sides.length === 2) return [sides[0], sides[1], sides[0], sides[1]];
    if (sides.length === 4) return [sides[0], sides[1], sides[2], sides[3]];
  }
  throw networkErrors.field(
    at,
    "padding",
    value,
    `a whole number from 0 to ${LARGEST_SIZE}, [vertical, horizontal] or [top, left, bottom, right]`,
  );
};

const flag =
  (field: string, fallback: boolean): Check =>
  (fields, at) => {
    const value = given(fields, field, fallback);
    if (typeof value !== "boolean") throw networkErrors.field(at, field, value, "true or false");
    return value;
  };

const choice =
  (field: string, choices: readonly string[], fallback: string): Check =>
  (fields, at) => {
    const value = given(fields, field, fallback);
    if (!choices.includes(value as string))
      throw networkErrors.field(at, field, value, choices.map((item) => `"${item}"`).join(" or "));
    return value;
  };

const real =
  (field: string, rule: string, holds: (value: number) => boolean): Check =>
  (fields, at) => {
    const value = fields[field];
    if (typeof value !== "number" || !Number.isFinite(value) || !holds(value))
      throw networkErrors.field(at, field, value, rule);
    return value;
  };

const rounding = choice("rounding", ["floor", "ceil"], "floor");
const pooling = { kernel: pair("kernel"), stride: pair("stride", 1), padding, rounding };

/** The parameters of each layer type, in the order in which they are checked. */
const LAYER_FIELDS: Record<LayerType, Record<string, Check>> = {
  convolution: {
    outChannels: size("outChannels"),
    kernel: pair("kernel"),
    stride: pair("stride", 1),
    padding,
    groups: size("groups", 1),
    bias: flag("bias", true),
    rounding,
  },
  relu: {},
  "max-pooling": pooling,
  "average-pooling": { ...pooling, countPadding: flag("countPadding", false) },
  "local-response-normalisation": {
    size: size("size"),
    alpha: real("alpha", "a finite number from 0", (value) => value >= 0),
    beta: real("beta", "a finite number above 0", (value) => value > 0),
    k: real("k", "a finite number above 0", (value) => value > 0),
    alphaDividedBySize: flag("alphaDividedBySize", true),
    scope: choice("scope", ["tower", "across"], "across"),
  },
  "fully-connected": { outFeatures: size("outFeatures"), bias: flag("bias", true) },
  dropout: {
    rate: real("rate", "a number from 0 up to, but not including, 1", (value) => value >= 0 && value < 1),
    scaling: choice("scaling", ["train", "test"], "train"),
  },
  flatten: {},
  softmax: {},
};

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LARGEST_SIZE;

function nameOf(fields: Fields, at: string): string {
  if (typeof fields.name !== "string" || !TENSOR_NAME.test(fields.name))
    throw networkErrors.field(at, "name", fields.name, "a letter, then letters, digits, - or _");
  return fields.name;
}

function refuseUnknown(at: string, fields: Fields, known: readonly string[]): void {
  for (const key of Object.keys(fields))
    if (!known.includes(key)) throw networkErrors.unknownKey(at, key, known);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
