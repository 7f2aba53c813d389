/**
 * Small networks of the shape of 2012, two towers with normalisation, overlapping pooling and dropout, for images of which
 * a processor trains on thousands a second. What differs from the paper's: sizes, and the normalisation's alpha, which acts
 * on inputs near 1 as the paper's does on pixels from 0 to 255.
 */
import { networkErrors } from "../errors/network.js";
import { defineNetwork } from "./define.js";
import type { Network } from "./layers.js";
import { MODEL_NAMES, networkByName } from "./variants.js";

type Description = Record<string, unknown>;

const conv = (name: string, outChannels: number, kernel: number, groups = 1): Description[] => [
  { type: "convolution", name: `conv${name}`, outChannels, kernel, padding: (kernel - 1) / 2, groups },
  { type: "relu", name: `relu${name}` },
];
const pool = (name: string): Description => ({
  ...{ type: "max-pooling", name: `pool${name}` },
  ...{ kernel: 3, stride: 2, rounding: "ceil" },
});
const norm = (name: string): Description => ({
  ...{ type: "local-response-normalisation", name: `norm${name}` },
  ...{ size: 5, alpha: 0.05, beta: 0.75, k: 1, scope: "tower" },
});
const classifier = (hidden: string, outFeatures: number, dropped: number, last: string): Description[] => [
  { type: "flatten", name: "flatten" },
  { type: "fully-connected", name: `fc${hidden}`, outFeatures },
  { type: "relu", name: `relu${hidden}` },
  { type: "dropout", name: `drop${hidden}`, rate: dropped, scaling: "train" },
  { type: "fully-connected", name: `fc${last}`, outFeatures: 10 },
  { type: "softmax", name: "prob" },
];

/** By name; each call makes a new one. */
export const SMALL_NETWORKS = {
  /** [3, 32, 32]; 36.1 million multiply-adds an image, 901,066 parameters. */
  cifar10: (): Network =>
    defineNetwork({
      name: "cifar10",
      input: [3, 32, 32],
      layers: [
        ...[...conv("1", 64, 5), pool("1"), norm("1")],
        ...[...conv("2", 128, 3, 2), pool("2"), norm("2")],
        ...[...conv("3", 192, 3), ...conv("4", 128, 3, 2), pool("4")],
        ...classifier("5", 256, 0.25, "6"),
      ],
    }),
  /** [1, 28, 28] */
  mnist: (): Network =>
    defineNetwork({
      name: "mnist",
      input: [1, 28, 28],
      layers: [
        ...[...conv("1", 32, 5), pool("1"), norm("1")],
        ...[...conv("2", 64, 5, 2), pool("2")],
        ...[...conv("3", 64, 3)],
        ...classifier("4", 128, 0.5, "5"),
      ],
    }),
} as const;

export type SmallModelName = keyof typeof SMALL_NETWORKS;
export const SMALL_MODEL_NAMES = Object.keys(SMALL_NETWORKS) as SmallModelName[];

/** A published or a small network. @throws AlexNetError OPTION_INVALID for a name that is neither's. */
export function trainableByName(name: string): Network {
  const small = SMALL_MODEL_NAMES.find((known) => known === name);
  if (small !== undefined) return SMALL_NETWORKS[small]();
  const published = MODEL_NAMES.find((known) => known === name);
  if (published === undefined)
    throw networkErrors.unknownVariant(name, [...MODEL_NAMES, ...SMALL_MODEL_NAMES]);
  return networkByName(published);
}
