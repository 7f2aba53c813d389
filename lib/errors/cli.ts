import { AlexNetError, reasonOf, show } from "./base.js";

const usage = (message: string) => new AlexNetError("USAGE", message);

/** A class of a row. */
interface Result {
  readonly index: number;
  readonly probability: number;
}

/** Errors of the command line: what was typed, the files that it names, what it writes. */
export const cliErrors = {
  /** What the parser of the command line refuses, in its words; `command` as it is typed. */
  refused: (command: string, problem: string) => usage(`${problem}; see ${command} --help`),
  option: (flag: string, got: unknown, rule: string) =>
    usage(`${flag}: got ${show(got)}; it must be ${rule}`),
  needs: (flag: string, other: string, why: string) => usage(`${flag}: needs ${other}: ${why}`),
  conflict: (flag: string, other: string, why: string) =>
    usage(`${flag}: not together with ${other}: ${why}; leave one out`),
  modelUnreadable: (path: string, known: readonly string[], cause: unknown) =>
    usage(
      `--model: ${path} cannot be read as a network (${reasonOf(cause)}); give one of ${known.join(", ")}, or a JSON` +
        ` file of a network`,
    ),
  noMatch: (pattern: string) =>
    usage(
      `${pattern}: no file matches this pattern; check it, and quote it so that the shell leaves it alone`,
    ),
  emptyFolder: (path: string, extensions: readonly string[]) =>
    usage(
      `${path}: the folder holds no image; one must end in ${extensions.join(", ")}; name other files one by one`,
    ),
  noPaths: () => usage(`PATH: the list on stdin is empty; it must hold the path of an image a line`),
  stdinTwice: () => usage(`PATH: got - twice; stdin can be read once; write it once`),
  folder: (path: string, cause: unknown) =>
    new AlexNetError(
      "IMAGE_UNREADABLE",
      `${path}: the folder cannot be read (${reasonOf(cause)}); check its permissions`,
      { cause },
    ),
  labelsUnreadable: (path: string, cause: unknown) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${path}: the labels cannot be read (${reasonOf(cause)}); check the path`,
      {
        cause,
      },
    ),
  labels: (path: string, got: string, cause?: unknown) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${path}: the labels are ${got}; they must be one a line, or a JSON array of strings`,
      { cause },
    ),
  noPreprocessing: (source: string, known: readonly string[]) =>
    new AlexNetError(
      "WEIGHTS_MISMATCH",
      `${source}: it does not say how images are prepared for its network; name a published one with --model,` +
        ` one of ${known.join(", ")}, or save the preprocessing with the weights`,
    ),
  /** `was` in the file, `is` of this run, at the same place of the same image. */
  resumedDiffers: (out: string, image: string, was: Result, is: Result) =>
    new AlexNetError(
      "OUTPUT_INVALID",
      `${out}: its row of ${image} has class ${was.index} with ${was.probability}, where this run gives class` +
        ` ${is.index} with ${is.probability}; only an output of the same weights, images and options can be resumed;` +
        ` repeat them as they were, or give another file`,
    ),
  outputIsInput: (out: string, input: string) =>
    new AlexNetError(
      "OUTPUT_INVALID",
      `${out}: it is the same file as ${input}, which is read; give the path of another file`,
    ),
  outputIsFolder: (path: string) =>
    new AlexNetError("OUTPUT_INVALID", `${path}: it is a folder; give the path of the file to write`),
  unwritable: (path: string, cause: unknown) =>
    new AlexNetError(
      "OUTPUT_INVALID",
      `${path}: cannot be written (${reasonOf(cause)}); check the folder, its permissions and its free space`,
      { cause },
    ),
};
