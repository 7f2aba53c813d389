/** What a recipe says about each parameter of a network. */
import { recipeErrors } from "../../errors/training.js";
import type { Network } from "../../network/layers.js";
import { parametersOf, type Parameter } from "../../network/parameters.js";
import { drawsOf, type Draw } from "../../weights/init-rules.js";
import type { Schedule } from "../schedule.js";
import type { Initialisation, LayerOverride, Recipe } from "./recipe.js";

/** How one parameter is updated. */
export interface ParameterSettings {
  /** "LAYER.weight" or "LAYER.bias". */
  readonly name: string;
  /** Its learning rate is so many times what `schedule` gives for the recipe's `rate`. */
  readonly rate: number;
  /** Weight decay. */
  readonly decay: number;
  readonly schedule: Schedule;
}

const GROUPS = { weight: "weights", bias: "biases" } as const;

/**
 * In the order of the network's parameters.
 * @param source the recipe's file, or what stands for it in messages
 * @throws AlexNetError RECIPE_INVALID where it speaks of a layer that is not there or has no parameters.
 */
export function parameterSettings(
  recipe: Recipe,
  network: Network,
  source = `recipe ${recipe.name}`,
): readonly ParameterSettings[] {
  const parameters = parametersOf(network);
  const { layers = {} } = recipe;
  checkLayers(source, "layers", layers, network, parameters);
  return parameters.map(({ name, layer, kind }) => {
    const override: LayerOverride = ownOf(layers, layer) ?? {};
    const {
      rate,
      decay,
      schedule = recipe.schedule,
    } = { ...recipe[GROUPS[kind]], ...override[GROUPS[kind]] };
    return { name, rate, decay, schedule };
  });
}

/**
 * From which distribution each parameter starts, by name: as the recipe says, else as the network's authors did; for
 * `initWeights`.
 * @throws AlexNetError RECIPE_INVALID as `parameterSettings`.
 */
export function initialDraws(
  recipe: Recipe,
  network: Network,
  source = `recipe ${recipe.name}`,
): ReadonlyMap<string, Draw> {
  const { initialisation } = recipe;
  if (initialisation === undefined) return drawsOf(network);
  const parameters = parametersOf(network);
  checkLayers(source, "initialisation.layers", initialisation.layers ?? {}, network, parameters);
  return new Map(parameters.map((parameter) => [parameter.name, drawOf(initialisation, parameter)]));
}

function drawOf(initialisation: Initialisation, { layer, kind }: Parameter): Draw {
  const own = ownOf(initialisation.layers ?? {}, layer);
  return own?.[GROUPS[kind]] ?? initialisation[GROUPS[kind]];
}

/** Layers may be called as what every object has. */
const ownOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

function checkLayers(
  source: string,
  at: string,
  layers: Readonly<Record<string, unknown>>,
  network: Network,
  parameters: readonly Parameter[],
): void {
  const known = [...new Set(parameters.map(({ layer }) => layer))];
  for (const layer of Object.keys(layers))
    if (!known.includes(layer))
      throw recipeErrors.unknownLayer(source, `${at}.${layer}`, network.name, known);
}
