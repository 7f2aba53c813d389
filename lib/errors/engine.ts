import { AlexNetError, reasonOf, show } from "./base.js";

const option = (message: string) => new AlexNetError("OPTION_INVALID", message);
const input = (message: string) => new AlexNetError("INPUT_INVALID", message);

/** Errors of planning and of running: options, inputs, memory, kernels, workers. */
export const engineErrors = {
  option: (parameter: string, got: unknown, rule: string) =>
    option(`${parameter}: got ${show(got)}; it must be ${rule}`),
  convolutions: (got: unknown, words: readonly string[], layers: readonly string[]) =>
    option(
      `convolutions: got ${show(got)}; it must be one of ${words.join(", ")}, or name` +
        ` ${layers.length === 0 ? "convolutions, of which the network has none" : `layers of ${layers.join(", ")}`}`,
    ),
  convolutionOf: (layer: string, got: unknown) =>
    option(`convolutions: ${layer}: got ${show(got)}; it must be direct or winograd`),
  winogradImpossible: (layer: string) =>
    option(
      `convolutions: ${layer}: got "winograd"; it computes square filters of 3 x 3 or 5 x 5 with stride 1 (of the` +
        ` network's input, filters of 3 or 5 strides), channels of a tower in multiples of 8; leave it direct`,
    ),
  memory: (network: string, bytes: number, limit: number) =>
    new AlexNetError(
      "MEMORY_TOO_LARGE",
      `network ${network}: the plan needs ${bytes} bytes of shared memory; WebAssembly has ${limit}; lower maxBatch or threads`,
    ),
  memoryRefused: (network: string, bytes: number, cause: unknown) =>
    new AlexNetError(
      "MEMORY_TOO_LARGE",
      `network ${network}: the system does not give ${bytes} bytes of shared memory (${reasonOf(cause)});` +
        ` close other engines, or lower maxBatch or threads`,
      { cause },
    ),
  inputType: (got: unknown) =>
    input(
      `input: got ${show(got)}; it must be an ndarray of numbers with shape [N, C, H, W]; see the package ndarray`,
    ),
  inputShape: (got: readonly number[], expected: readonly number[]) =>
    input(
      `input: shape is [${got.join(", ")}]; it must be [N, ${expected.join(", ")}] with N from 1;` +
        ` resize or crop the images to it`,
    ),
  inputNotFinite: (got: number, at: readonly number[]) =>
    input(
      `input: element [${at.join(", ")}] is ${got}; every element must be finite; check the preprocessing`,
    ),
  inputData: (length: number, needed: number) =>
    input(
      `input: its data has ${length} elements, its shape, strides and offset reach element ${needed};` +
        ` give it data that holds the view`,
    ),
  unknownLayer: (got: unknown, known: readonly string[]) =>
    option(`layers: ${show(got)} is not a layer of the network; it must be one of ${known.join(", ")}`),
  noLayers: () => option("layers: got an empty list; name at least one layer"),
  kernelsUnknown: (got: unknown, known: readonly string[]) =>
    option(`kernels: got ${show(got)}; it must be one of ${known.join(", ")}`),
  kernelsUnavailable: (set: string, why: string, next: string) =>
    new AlexNetError("KERNELS_UNAVAILABLE", `kernels: the set ${set} cannot be used: ${why}; ${next}`),
  workerFailed: (cause: Error) =>
    new AlexNetError(
      "WORKER_FAILED",
      `engine: a worker failed in the middle of a batch (${cause.message}); this batch is lost;` +
        ` the engine restarts its pool and takes the next one`,
      { cause },
    ),
  measuringLost: (exitCode: number) =>
    new AlexNetError(
      "WORKER_FAILED",
      `kernels: the thread that measures them ended with code ${exitCode} before it answered; create the engine again`,
    ),
  closed: () => new AlexNetError("ENGINE_CLOSED", "engine: it is closed; create another one"),
};
