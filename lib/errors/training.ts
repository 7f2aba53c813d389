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
