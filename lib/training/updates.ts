/** From a recipe to the rules by which parameters are updated, step by step. */
import type { Recipe } from "./recipes/recipe.js";
import { parameterSettings, type ParameterSettings } from "./recipes/parameters.js";
import { rateAt, type Progress } from "./schedule.js";
import type { StepRunner } from "./step-runner.js";

export class Updates {
  readonly #recipe: Recipe;
  readonly #runner: StepRunner;
  readonly #settings: ReadonlyMap<string, ParameterSettings>;

  /** @throws AlexNetError RECIPE_INVALID where it speaks of a layer that the network does not have. */
  constructor(recipe: Recipe, runner: StepRunner) {
    this.#recipe = recipe;
    this.#runner = runner;
    const settings = parameterSettings(recipe, runner.plan.network);
    this.#settings = new Map(settings.map((own) => [own.name, own]));
  }

  /** Sets the rules of the step that comes next; the learning rate of a parameter with a multiplier of 1. */
  set(progress: Progress): number {
    const { momentum, rate: base, schedule } = this.#recipe;
    for (const parameter of this.#runner.plan.layout.parameters.values())
      for (const kind of ["weight", "bias"] as const) {
        const own = this.#settings.get(`${parameter.operation.layer.name}.${kind}`);
        if (own === undefined) continue;
        const rate = own.rate * rateAt(own.schedule, base, progress);
        this.#runner.setRule(parameter, kind, { rate, decay: own.decay, momentum });
      }
    return rateAt(schedule, base, progress);
  }
}
