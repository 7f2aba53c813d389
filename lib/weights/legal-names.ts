/** Names of networks and layers, out of what files call theirs. */
import { MODEL_NAMES } from "../network/variants.js";
import { layerName } from "./names.js";

/** Characters of a name that is taken from a file. */
const LONGEST = 60;

/** The name with _ for what one may not have: conv1_7x7 for conv1/7x7; undefined where nothing is left. */
export function legalName(name: string): string | undefined {
  const cleaned = name
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^[^A-Za-z]+/, "")
    .slice(0, LONGEST);
  return cleaned === "" ? undefined : cleaned;
}

/**
 * The name of a network that is not a published form: one that is called as they are would bring a preprocessing with
 * it.
 * @param format of the file; the name where the file has none
 */
export function ownNetworkName(name: string, format: string): string {
  const legal = legalName(name) ?? format;
  return MODEL_NAMES.some((known) => known === legal) ? `${legal}-${format}` : legal;
}

/** The legal name of the layer with these weights: LAYER of LAYER.weight, conv1 to fc8 for those of PyTorch's AlexNet. */
export function layerOfWeights(tensor: string): string | undefined {
  const layer = /^(.+)\.weight$/s.exec(layerName(tensor))?.[1];
  return layer === undefined ? undefined : legalName(layer);
}

/** Names that are all different. */
export class DifferentNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** The name, or where it is taken with the first number behind it that makes another one: conv_2. */
  take(wanted: string): string {
    let name = wanted;
    for (let again = 2; this.#taken.has(name); again++) name = `${wanted}_${again}`;
    this.#taken.add(name);
    return name;
  }
}
