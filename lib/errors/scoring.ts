import { AlexNetError, reasonOf, show } from "./base.js";

const option = (message: string) => new AlexNetError("OPTION_INVALID", message);
const input = (message: string) => new AlexNetError("INPUT_INVALID", message);
const output = (message: string, cause?: unknown) =>
  new AlexNetError("OUTPUT_INVALID", message, cause === undefined ? undefined : { cause });

/** Errors of scoring images: options, networks that give no classes, and the files that rows go to. */
export const scoringErrors = {
  option: (parameter: string, got: unknown, rule: string) =>
    option(`${parameter}: got ${show(got)}; it must be ${rule}`),
  labelCount: (got: number, classes: number) =>
    option(
      `labels: got ${got} names; there must be one for each of the network's ${classes} classes, in their order;` +
        ` choose the labels of these weights`,
    ),
  logitsOfCrops: () =>
    option(
      "logits: got true with 10 crops, whose probabilities are averaged after softmax; logits must be those of one" +
        " crop; set crops to 1 or leave logits out",
    ),
  preprocessing: (cause: unknown) =>
    new AlexNetError(
      "OPTION_INVALID",
      `preprocessing: ${reasonOf(cause)}; see PREPROCESSING for whole ones`,
      {
        cause,
      },
    ),
  noPreprocessing: (network: string) =>
    option(
      `preprocessing: got nothing, and neither the weights nor the network ${network} say how images become inputs;` +
        ` it must be an object like those in PREPROCESSING; give one`,
    ),
  notAVector: (network: string, shape: readonly number[]) =>
    input(
      `network ${network}: its output is a map [${shape.join(", ")}]; scoring needs a vector of classes;` +
        ` end the network with flatten or fully-connected, or use forward`,
    ),
  images: (got: unknown) =>
    input(
      `images: got ${show(got)}; it must be an iterable or async iterable of paths and bytes;` +
        ` put a single image into a list`,
    ),
  /** An image whose row would hold NaN. */
  notFinite: (at: string, index: number, value: number) =>
    new AlexNetError(
      "WEIGHTS_INVALID",
      `${at}: the network's output ${index} is ${value}; every output must be finite; the weights overflow float32` +
        ` with this preprocessing: check that they belong together`,
    ),
  outputExists: (path: string, bytes: number) =>
    output(
      `${path}: the file exists with ${bytes} bytes; an output must be new or empty;` +
        ` finish it with --resume (\`resume: true\`), or remove it`,
    ),
  outputNotAFile: (path: string) =>
    output(`${path}: it is not a regular file, which alone can be resumed; give the path of a file`),
  outputUnusable: (path: string, cause: unknown) =>
    output(
      `${path}: the output cannot be read or written (${reasonOf(cause)}); check the folder, its permissions and its` +
        ` free space; what is there can be finished with --resume (\`resume: true\`)`,
      cause,
    ),
  outputRecord: (path: string, at: string, problem: string, cause?: unknown) =>
    output(
      `${path}: ${at} ${problem}; only an output of this program with the same options can be resumed;` +
        ` repeat them as they were, or give another file`,
      cause,
    ),
};
