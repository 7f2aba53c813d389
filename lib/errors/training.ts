/** What a network must be to be trained. */
import { AlexNetError, reasonOf, show } from "./base.js";

const impossible = (message: string) => new AlexNetError("TRAINING_IMPOSSIBLE", message);

export const trainingErrors = {
  noWeights: (network: string) =>
    impossible(
      `network ${network}: it has no convolution and no fully connected layer; there is nothing to train`,
    ),
  noClasses: (network: string, shape: readonly number[]) =>
    impossible(
      `network ${network}: its output has shape [${shape.join(", ")}]; training needs one value a class;` +
        ` end the network in a fully connected layer`,
    ),
  padding: (layer: string, padding: readonly number[], kernel: readonly number[]) =>
    impossible(
      `layer ${layer}: padding is [${padding.join(", ")}]; to be trained it must be less than the kernel` +
        ` [${kernel.join(", ")}] at the top and left; pad less`,
    ),
  noValidation: (recipe: string, source: string) =>
    new AlexNetError(
      "OPTION_INVALID",
      `recipe ${recipe}: its schedule is a plateau, and ${source} has no validation images; it needs them to see when` +
        ` accuracy stalls; put images into a part "val", or take another schedule`,
    ),
  otherClasses: (network: string, outputs: number | undefined, source: string, classes: number) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${source}: it has ${classes} classes; network ${network} tells ${outputs ?? 0} apart; give the data or the weights` +
        " that belong together",
    ),
  classes: (training: string, validation: string, expected: readonly string[], got: readonly string[]) =>
    new AlexNetError(
      "INPUT_INVALID",
      `${validation}: its classes are ${show(got)}; they must be those of ${training}, ${show(expected)}, in the same` +
        ` order; rename or remove what differs`,
    ),
};

const recipe = (message: string, cause?: unknown) =>
  new AlexNetError("RECIPE_INVALID", message, cause === undefined ? undefined : { cause });

/** Where a person reads how a recipe is written. */
const RECIPES_HELP = "see Recipes in docs/formats.md";

/** Errors of recipes. `source` is the file, or what stands for it; `at` is a field with the fields that hold it. */
export const recipeErrors = {
  unreadable: (source: string, cause: unknown, known: readonly string[]) =>
    recipe(
      `${source}: the recipe cannot be read (${reasonOf(cause)}); give the path of a JSON file, or one of` +
        ` ${known.join(", ")}`,
      cause,
    ),
  notJson: (source: string, cause: unknown) =>
    recipe(
      `${source}: the recipe is not JSON (${reasonOf(cause)}); it must be one object; ${RECIPES_HELP}`,
      cause,
    ),
  field: (source: string, at: string, got: unknown, rule: string) =>
    recipe(`${source}: ${at} is ${show(got)}; it must be ${rule}; ${RECIPES_HELP}`),
  unknownField: (source: string, at: string, known: readonly string[]) =>
    recipe(`${source}: ${at} is unknown; known are ${known.join(", ")}; remove or rename it`),
  unknownLayer: (source: string, at: string, network: string, known: readonly string[]) =>
    recipe(
      `${source}: ${at} is of no layer with parameters of ${network}; these are ${known.join(", ")}; remove it or` +
        ` choose another --model (\`network\`)`,
    ),
};

const checkpointInvalid = (message: string, cause?: unknown) =>
  new AlexNetError("CHECKPOINT_INVALID", message, cause === undefined ? undefined : { cause });

/** What can be done where a checkpoint is lost. */
const LOST = "go on from a copy of it, or start another run; best.safetensors beside it has the best weights";

const keptText = (kept: number | undefined): string =>
  kept === undefined ? "there is none before it" : `the one of step ${kept} is kept`;

/** Errors of checkpoints; `path` is the file. */
export const checkpointErrors = {
  missing: (path: string) =>
    checkpointInvalid(
      `${path}: there is no checkpoint; give the folder of a run with --resume, or start one without it`,
    ),
  unreadable: (path: string, cause: unknown) =>
    checkpointInvalid(
      `${path}: the checkpoint cannot be read (${reasonOf(cause).replace(`${path}: `, "")}); ${LOST}`,
      cause,
    ),
  notACheckpoint: (path: string) =>
    checkpointInvalid(
      `${path}: it is something else than a checkpoint of a training; give the folder of a run with --resume`,
    ),
  newer: (path: string, version: number, writer: string | undefined, known: number, own: string) =>
    checkpointInvalid(
      `${path}: the checkpoint is of version ${version}, written by alexnet-threads ${writer ?? "of an unknown version"};` +
        ` alexnet-threads ${own} reads versions up to ${known}; go on with the one that wrote it`,
    ),
  field: (path: string, at: string, got: unknown, rule: string) =>
    checkpointInvalid(`${path}: ${at} of the checkpoint is ${show(got)}; it must be ${rule}; ${LOST}`),
  unknownField: (path: string, at: string, known: readonly string[]) =>
    checkpointInvalid(`${path}: ${at} of the checkpoint is unknown; known are ${known.join(", ")}; ${LOST}`),
  mismatch: (
    path: string,
    { at, was, is }: { readonly at: string; readonly was: unknown; readonly is: unknown },
  ) =>
    new AlexNetError(
      "CHECKPOINT_MISMATCH",
      `${path}: ${at} is ${show(was)} in the checkpoint and ${show(is)} in this run; a run goes on as it began, or it` +
        " would be another; leave the option out or repeat it as it was, or start another run",
    ),
  unwritable: (path: string, step: number, cause: unknown, kept: number | undefined) =>
    new AlexNetError(
      "CHECKPOINT_UNWRITABLE",
      `${path}: the checkpoint of step ${step} cannot be written (${reasonOf(cause)}); ${keptText(kept)}; check the` +
        ` folder, its permissions and its free space${kept === undefined ? "" : ", and go on with --resume"}`,
      { cause },
    ),
  notFinite: (path: string, step: number, at: string, value: number, kept: number | undefined) =>
    new AlexNetError(
      "CHECKPOINT_UNWRITABLE",
      `${path}: at step ${step} ${at} is ${value}; every value of a checkpoint must be finite: the training diverged;` +
        ` ${keptText(kept)}; start another run with a lower learning rate (--lr)`,
    ),
};

const run = (message: string, cause?: unknown) =>
  new AlexNetError("RUN_INVALID", message, cause === undefined ? undefined : { cause });

/** Errors of the folder of a run. */
export const runErrors = {
  taken: (folder: string, path: string) =>
    run(
      `${folder}: it holds a run already (${path}); a new run needs a folder of its own; finish that one with --resume,` +
        " or give another folder with --out",
    ),
  folder: (folder: string, cause: unknown) =>
    cause instanceof AlexNetError
      ? cause
      : run(
          `${folder}: the folder of the run cannot be used (${reasonOf(cause)}); check the path and its permissions`,
          cause,
        ),
  diverged: (step: number, loss: number | null, rate: number, folder: string | undefined) =>
    new AlexNetError(
      "TRAINING_DIVERGED",
      `step ${step}: the loss is ${loss ?? "no number"}; it must be finite; training with a learning rate of ${rate}` +
        ` went astray; take a smaller one` +
        (folder === undefined ? "" : `; the last checkpoint in ${folder} is from before`),
    ),
  reportUnwritable: (folder: string, cause: unknown) =>
    run(
      `${folder}: the report cannot be written (${reasonOf(cause)}); check the folder, its permissions and its free space`,
      cause,
    ),
};

/** Errors of the metrics of a run; `path` is the file, `at` the line. */
export const metricsErrors = {
  unreadable: (path: string, cause: unknown) =>
    run(`${path}: the metrics cannot be read (${reasonOf(cause)}); give the folder of a run`, cause),
  unwritable: (path: string, cause: unknown) =>
    run(
      `${path}: the metrics cannot be written (${reasonOf(cause)}); check the folder, its permissions and its free` +
        " space, and go on with --resume",
      cause,
    ),
  notJson: (path: string, at: string, cause: unknown) =>
    run(
      `${path}: ${at} of the metrics is not JSON (${reasonOf(cause)}); it must be a row; repair or remove the line`,
      cause,
    ),
  field: (path: string, at: string, got: unknown, rule: string) =>
    run(`${path}: ${at} of the metrics is ${show(got)}; it must be ${rule}; repair or remove the line`),
  unknownField: (path: string, at: string, known: readonly string[]) =>
    run(`${path}: ${at} of the metrics is unknown; known are ${known.join(", ")}; repair or remove the line`),
};

/** Errors of a confusion matrix; `path` is the file. */
export const confusionErrors = {
  unreadable: (path: string, cause: unknown) =>
    cause instanceof AlexNetError
      ? cause
      : run(
          `${path}: the confusion matrix cannot be read (${reasonOf(cause)}); remove it, or write it again with` +
            " alexnet eval",
          cause,
        ),
  field: (path: string, at: string, got: unknown, rule: string) =>
    run(
      `${path}: ${at} of the confusion matrix is ${show(got)}; it must be ${rule}; remove it, or write it again with` +
        " alexnet eval",
    ),
  unknownField: (path: string, at: string, known: readonly string[]) =>
    run(
      `${path}: ${at} of the confusion matrix is unknown; known are ${known.join(", ")}; remove it, or write it again` +
        " with alexnet eval",
    ),
};
