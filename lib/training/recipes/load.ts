import { readFile } from "node:fs/promises";
import { recipeErrors } from "../../errors/training.js";
import { parseJson } from "../../weights/json.js";
import { builtInRecipe, RECIPE_NAMES } from "./built-in.js";
import { defineRecipe } from "./define.js";
import type { Recipe } from "./recipe.js";

/**
 * The recipe of that name, or of the JSON file at that path.
 * @throws AlexNetError RECIPE_INVALID naming the file, and the field where one is wrong.
 */
export async function loadRecipe(nameOrPath: string): Promise<Recipe> {
  const name = RECIPE_NAMES.find((known) => known === nameOrPath);
  if (name !== undefined) return builtInRecipe(name);
  const text = await readFile(nameOrPath, "utf8").catch((cause: unknown) => {
    throw recipeErrors.unreadable(nameOrPath, cause, RECIPE_NAMES);
  });
  return defineRecipe(valueOf(nameOrPath, text), nameOrPath);
}

function valueOf(source: string, text: string): unknown {
  try {
    // it alone refuses a field that is there twice
    parseJson(text);
    return JSON.parse(text);
  } catch (cause) {
    throw recipeErrors.notJson(source, cause);
  }
}
