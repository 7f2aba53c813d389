import { recipeErrors } from "../../errors/training.js";
import { MAX_BATCH } from "../../plan/plan.js";
import type { Draw } from "../../weights/init-rules.js";
import { groupSchedule, schedule } from "./check-schedule.js";
import {
  fieldsOf,
  kind,
  kindOf,
  list,
  notNegative,
  number,
  object,
  positive,
  record,
  refuse,
  text,
  whole,
  type Check,
} from "../fields.js";
import type { AugmentationChange, Initialisation, LayerOverride, ParameterGroup, Recipe } from "./recipe.js";

const group: Check<ParameterGroup> = object(
  { rate: notNegative, decay: notNegative },
  { schedule: groupSchedule },
);
const partialGroup: Check<Partial<ParameterGroup>> = object(
  {},
  { rate: notNegative, decay: notNegative, schedule: groupSchedule },
);
const override: Check<LayerOverride> = object({}, { weights: partialGroup, biases: partialGroup });

const finite = number("a finite number", () => true);
const draw: Check<Draw> = kindOf<Draw>({
  constant: object({ kind: kind("constant"), value: finite }, {}),
  normal: object({ kind: kind("normal"), sigma: notNegative }, {}),
  uniform: object({ kind: kind("uniform"), bound: notNegative }, {}),
});
const initialisation: Check<Initialisation> = object(
  { weights: draw, biases: draw },
  { layers: record(object({}, { weights: draw, biases: draw })) },
);

/** Checked by whoever uses it; a copy, as all else is. */
const data: Check<Readonly<Record<string, unknown>>> = (place) => structuredClone(fieldsOf(place));

const augmentationChanges: Check<readonly AugmentationChange[]> = (place) => {
  const changes = list(object({ epoch: whole(1), augmentation: data }, {}))(place);
  return changes.every(({ epoch }, index) => index === 0 || epoch > changes[index - 1].epoch)
    ? changes
    : refuse(place, "a list of changes of which each has a greater epoch than the one before");
};

const recipe: Check<Recipe> = object(
  {
    name: text,
    epochs: whole(1),
    batch: whole(1, MAX_BATCH),
    momentum: number("a number from 0 to below 1", (value) => value >= 0 && value < 1),
    rate: positive,
    weights: group,
    biases: group,
    schedule,
    augmentation: data,
  },
  {
    network: text,
    layers: record(override),
    augmentationChanges,
    normalisation: data,
    initialisation,
  },
);

/**
 * Checks a recipe that someone wrote, as JSON, say.
 * @param source the file, or what stands for it in messages
 * @throws AlexNetError RECIPE_INVALID naming the field, what was got and the rule.
 */
export const defineRecipe = (value: unknown, source = "the recipe"): Recipe =>
  recipe({ errors: recipeErrors, source, at: "", value });
