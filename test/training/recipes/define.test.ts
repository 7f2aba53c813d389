import { expect } from "chai";
import { builtInRecipe } from "../../../lib/training/recipes/built-in.js";
import { defineRecipe } from "../../../lib/training/recipes/define.js";
import { expectError } from "../../weights/helpers/files.js";

const valid = builtInRecipe("cifar10") as unknown as Readonly<Record<string, unknown>>;
const HELP = "see Recipes in docs/formats.md";
const KINDS = '"constant", "step", "cosine", "linear"';
const FIELDS =
  "name, epochs, batch, momentum, rate, weights, biases, schedule, augmentation, network, layers," +
  " augmentationChanges, normalisation, initialisation";
const draw = { kind: "constant", value: 0 };

/** What is put over a recipe that holds; what is told. */
const REFUSED: readonly [change: Record<string, unknown>, text: string][] = [
  [{ name: "" }, `name is ""; it must be a text; ${HELP}`],
  [{ name: undefined }, `name is nothing; it must be a text; ${HELP}`],
  [{ network: 7 }, `network is 7; it must be a text; ${HELP}`],
  [{ epochs: 1.5 }, `epochs is 1.5; it must be a whole number from 1; ${HELP}`],
  [{ epochs: "3" }, `epochs is "3"; it must be a whole number from 1; ${HELP}`],
  [{ batch: 4097 }, `batch is 4097; it must be a whole number from 1 to 4096; ${HELP}`],
  [{ momentum: 1 }, `momentum is 1; it must be a number from 0 to below 1; ${HELP}`],
  [{ momentum: -0.1 }, `momentum is -0.1; it must be a number from 0 to below 1; ${HELP}`],
  [{ rate: 0 }, `rate is 0; it must be a number above 0; ${HELP}`],
  [{ rate: Infinity }, `rate is Infinity; it must be a number above 0; ${HELP}`],
  [{ rate: null }, `rate is null; it must be a number above 0; ${HELP}`],
  [{ rates: 1 }, `rates is unknown; known are ${FIELDS}; remove or rename it`],
  [{ weights: 1 }, `weights is 1; it must be an object; ${HELP}`],
  [{ weights: { rate: 1 } }, `weights.decay is nothing; it must be a number from 0; ${HELP}`],
  [{ weights: { rate: 1, decay: -1 } }, `weights.decay is -1; it must be a number from 0; ${HELP}`],
  [
    { weights: { rate: 1, decay: 0, momentum: 0 } },
    "weights.momentum is unknown; known are rate, decay, schedule; remove or rename it",
  ],
  [
    { biases: { rate: 1, decay: 0, schedule: { kind: "plateau", factor: 0.1, patience: 1 } } },
    `biases.schedule.kind is "plateau"; it must be one of ${KINDS}; ${HELP}`,
  ],
  [{ layers: [] }, `layers is []; it must be an object; ${HELP}`],
  [
    { layers: { conv1: { weight: {} } } },
    "layers.conv1.weight is unknown; known are weights, biases; remove or rename it",
  ],
  [
    { layers: { conv1: { weights: { rate: -1 } } } },
    `layers.conv1.weights.rate is -1; it must be a number from 0; ${HELP}`,
  ],
  [{ schedule: undefined }, `schedule is nothing; it must be an object; ${HELP}`],
  [
    { schedule: { kind: "cosin" } },
    `schedule.kind is "cosin"; it must be one of ${KINDS}, "plateau"; ${HELP}`,
  ],
  [{ schedule: { kind: "cosine", to: 2 } }, `schedule.to is 2; it must be a number from 0 to 1; ${HELP}`],
  [
    { schedule: { kind: "cosine", to: 0, warmup: 1 } },
    "schedule.warmup is unknown; known are kind, to, warmUp; remove or rename it",
  ],
  [{ schedule: { kind: "cosine", to: 0, warmUp: 5 } }, `schedule.warmUp is 5; it must be an object; ${HELP}`],
  [
    { schedule: { kind: "linear", to: 0, warmUp: { steps: 5, epochs: 1 } } },
    `schedule.warmUp is {"steps":5,"epochs":1}; it must be an object of epochs or of steps; ${HELP}`,
  ],
  [
    { schedule: { kind: "linear", to: 0, warmUp: {} } },
    `schedule.warmUp is {}; it must be an object of epochs or of steps; ${HELP}`,
  ],
  [
    { schedule: { kind: "linear", to: 0, warmUp: { steps: 0.5 } } },
    `schedule.warmUp.steps is 0.5; it must be a whole number from 1; ${HELP}`,
  ],
  [
    { schedule: { kind: "linear", to: 0, warmUp: { epochs: 0 } } },
    `schedule.warmUp.epochs is 0; it must be a number above 0; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: 0.1 } },
    'schedule is {"kind":"step","factor":0.1}; it must be an object with at or with every, and not with both;' +
      ` ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: 0.1, every: { steps: 1 }, at: { steps: [1] } } },
    'schedule is {"kind":"step","factor":0.1,"every":{"steps":1},"at":{"steps":[1]}}; it must be an object with at' +
      ` or with every, and not with both; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: 1, every: { steps: 1 } } },
    `schedule.factor is 1; it must be a number from 0 to below 1; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: [0.5], every: { steps: 1 } } },
    `schedule.factor is [0.5]; it must be a number from 0 to below 1; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: [0.5], at: { epochs: [1, 2] } } },
    `schedule.factor is [0.5]; it must be a number, or a list of 2, one for each point of at; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: [0.5, -1], at: { epochs: [1, 2] } } },
    `schedule.factor[1] is -1; it must be a number from 0; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: 0.5, at: { epochs: [] } } },
    `schedule.at.epochs is []; it must be a list that is not empty; ${HELP}`,
  ],
  [
    { schedule: { kind: "step", factor: 0.5, at: { steps: [2, 2] } } },
    "schedule.at.steps is [2,2]; it must be a list of numbers of which each is greater than the one before;" +
      ` ${HELP}`,
  ],
  [
    { schedule: { kind: "plateau", factor: 0.1, patience: 0 } },
    `schedule.patience is 0; it must be a whole number from 1; ${HELP}`,
  ],
  [
    { schedule: { kind: "plateau", factor: 0.1, patience: 1, divisions: -1 } },
    `schedule.divisions is -1; it must be a whole number from 0; ${HELP}`,
  ],
  [{ augmentation: "mirror" }, `augmentation is "mirror"; it must be an object; ${HELP}`],
  [{ normalisation: null }, `normalisation is null; it must be an object; ${HELP}`],
  [
    { augmentationChanges: [{ epoch: 0, augmentation: {} }] },
    `augmentationChanges[0].epoch is 0; it must be a whole number from 1; ${HELP}`,
  ],
  [
    {
      augmentationChanges: [2, 1].map((epoch) => ({ epoch, augmentation: {} })),
    },
    'augmentationChanges is [{"epoch":2,"augmentation":{}},{"epoch":1,"augmentation":{}}]; it must be a list of changes' +
      ` of which each has a greater epoch than the one before; ${HELP}`,
  ],
  [{ initialisation: { weights: draw } }, `initialisation.biases is nothing; it must be an object; ${HELP}`],
  [
    { initialisation: { weights: { kind: "normal", sigma: -1 }, biases: draw } },
    `initialisation.weights.sigma is -1; it must be a number from 0; ${HELP}`,
  ],
  [
    { initialisation: { weights: { kind: "gauss" }, biases: draw } },
    'initialisation.weights.kind is "gauss"; it must be one of "constant", "normal", "uniform"; ' + HELP,
  ],
  [
    { initialisation: { weights: draw, biases: draw, layers: { fc6: { bias: draw } } } },
    "initialisation.layers.fc6.bias is unknown; known are weights, biases; remove or rename it",
  ],
];

describe("defineRecipe", () => {
  for (const [change, text] of REFUSED)
    it(`refuses ${JSON.stringify(change)}`, () =>
      expectError(
        () => defineRecipe({ ...valid, ...change }, "mine.json"),
        "RECIPE_INVALID",
        `mine.json: ${text}`,
      ));

  for (const value of [null, [], 3, "paper"])
    it(`refuses ${JSON.stringify(value)}`, () =>
      expectError(
        () => defineRecipe(value),
        "RECIPE_INVALID",
        `the recipe: the whole is ${JSON.stringify(value)}; it must be an object; ${HELP}`,
      ));

  it("takes every kind of schedule, and all that may be left out", () => {
    const recipe = {
      ...valid,
      network: "mine",
      weights: { rate: 0, decay: 0, schedule: { kind: "constant", warmUp: { steps: 3 } } },
      layers: { constructor: { weights: { schedule: { kind: "linear", to: 0.5 } } }, fc6: {} },
      schedule: {
        kind: "plateau",
        factor: 0,
        patience: 3,
        divisions: 0,
        threshold: 0.01,
        warmUp: { epochs: 0.25 },
      },
      augmentationChanges: [1, 2].map((epoch) => ({ epoch, augmentation: { crop: epoch } })),
      initialisation: {
        weights: { kind: "uniform", bound: 1 },
        biases: draw,
        layers: { fc6: { weights: draw } },
      },
    };
    expect(defineRecipe(recipe)).to.deep.equal(recipe);
    for (const schedule of [
      { kind: "step", factor: [2, 0], at: { epochs: [0.5, 7] } },
      { kind: "step", factor: 0, every: { epochs: 0.5 } },
      { kind: "constant" },
    ])
      expect(defineRecipe({ ...valid, schedule }).schedule).to.deep.equal(schedule);
  });

  it("keeps nothing of what it was given", () => {
    const given = structuredClone(valid) as { weights: { rate: number }; augmentation: { pad: number } };
    const recipe = defineRecipe(given);
    given.weights.rate = 5;
    given.augmentation.pad = 5;
    expect(recipe).to.deep.equal(valid);
  });
});
