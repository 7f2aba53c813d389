import { AlexNetError, show } from "./base.js";

const invalid = (message: string) => new AlexNetError("NETWORK_INVALID", message);

/** Errors of `defineNetwork`: a network that cannot be. `at` is a layer's name or its place in the list. */
export const networkErrors = {
  notAnObject: (got: unknown) =>
    invalid(
      `network: got ${show(got)}; it must be an object with name, input and layers; see docs/formats.md`,
    ),
  unknownKey: (at: string, key: string, known: readonly string[]) =>
    invalid(`${at}: unknown parameter ${show(key)}; known are ${known.join(", ")}; remove or rename it`),
  field: (at: string, parameter: string, got: unknown, rule: string) =>
    invalid(`${at}: ${parameter} is ${show(got)}; it must be ${rule}`),
  layerType: (at: string, got: unknown, known: readonly string[]) =>
    invalid(`${at}: type is ${show(got)}; it must be one of ${known.join(", ")}`),
  duplicateName: (name: string) =>
    invalid(`${name}: name is used by two layers; every layer needs a name of its own; rename one`),
  empty: (name: string) => invalid(`network ${name}: layers is empty; it must hold at least one layer`),
  groups: (at: string, groups: number, parameter: string, channels: number) =>
    invalid(
      `${at}: groups ${groups} does not divide ${parameter} ${channels}; choose groups that divide both sides`,
    ),
  towers: (at: string, groups: number, towers: number) =>
    invalid(
      `${at}: groups is ${groups}; it must be 1 or the network's number of towers, ${towers}` +
        ` (its largest groups); use one number of groups in all grouped layers`,
    ),
  kernelTooLarge: (at: string, axis: "height" | "width", kernel: number, size: number) =>
    invalid(
      `${at}: kernel ${axis} ${kernel} is greater than input + padding ${size}; use a larger input or padding`,
    ),
  paddingTooLarge: (at: string, padding: number, kernel: number) =>
    invalid(
      `${at}: padding ${padding} must be less than the kernel ${kernel}, or a window would see nothing of the input`,
    ),
  needsMap: (at: string, type: string, shape: readonly number[]) =>
    invalid(
      `${at}: ${type} needs an input [C, H, W], got [${shape.join(", ")}]; put it before flatten and fully-connected`,
    ),
  lrnTowers: (at: string, channels: number, towers: number) =>
    invalid(
      `${at}: ${channels} channels cannot be shared between ${towers} towers;` +
        ` use scope "across" or a number of channels that ${towers} divides`,
    ),
  lrnReach: (at: string, channels: number, reach: number) =>
    invalid(
      `${at}: a window across the towers reaches ${reach} channels, and a tower has ${channels};` +
        ` it may reach into the neighbouring tower only; use a smaller size`,
    ),
  softmaxNotLast: (at: string) => invalid(`${at}: softmax must be the last layer; move it to the end`),
  unknownVariant: (got: unknown, known: readonly string[]) =>
    new AlexNetError("OPTION_INVALID", `model: got ${show(got)}; it must be one of ${known.join(", ")}`),
};
