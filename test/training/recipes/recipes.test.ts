import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { networkByName } from "../../../lib/network/variants.js";
import { builtInRecipe, RECIPE_NAMES } from "../../../lib/training/recipes/built-in.js";
import { defineRecipe } from "../../../lib/training/recipes/define.js";
import { loadRecipe } from "../../../lib/training/recipes/load.js";
import {
  initialDraws,
  parameterSettings,
  type ParameterSettings,
} from "../../../lib/training/recipes/parameters.js";
import { augmentationAt, type Recipe } from "../../../lib/training/recipes/recipe.js";
import { PLATEAU_START, rateAt } from "../../../lib/training/schedule.js";
import { drawsOf } from "../../../lib/weights/init-rules.js";
import { initWeights } from "../../../lib/weights/init.js";
import { expectError, inFolder } from "../../weights/helpers/files.js";

const network = networkByName("alexnet2012");

/** ImageNet in batches of 128. */
const STEPS_PER_EPOCH = 10_010;

const settingsOf = (recipe: Recipe, name: string): ParameterSettings => {
  const settings = parameterSettings(recipe, network).find((one) => one.name === name);
  if (settings === undefined) throw new Error(`no parameter ${name}`);
  return settings;
};

/** The learning rate of a parameter in the first step of an epoch. */
function rateOf(recipe: Recipe, name: string, epoch: number, stepsPerEpoch = STEPS_PER_EPOCH): number {
  const { rate, schedule } = settingsOf(recipe, name);
  const progress = { step: epoch * stepsPerEpoch, stepsPerEpoch, epochs: recipe.epochs };
  return rate * rateAt(schedule, recipe.rate, { ...progress, plateau: PLATEAU_START });
}

describe("built-in recipes", () => {
  for (const name of RECIPE_NAMES)
    it(`${name} holds, is the same as a JSON file, and is got by its name`, async () => {
      const recipe = builtInRecipe(name);
      expect(recipe.name).to.equal(name);
      expect(defineRecipe(JSON.parse(JSON.stringify(recipe)))).to.deep.equal(recipe);
      expect(await loadRecipe(name)).to.deep.equal(recipe);
    });

  it("paper: an equal rate of 0.01 for all layers, to a tenth on three plateaus", () => {
    const recipe = builtInRecipe("paper");
    expect([recipe.batch, recipe.momentum, recipe.epochs]).to.deep.equal([128, 0.9, 90]);
    for (const { name, rate, decay, schedule } of parameterSettings(recipe, network)) {
      expect([rate, decay], name).to.deep.equal([1, name.endsWith("weight") ? 0.0005 : 0]);
      expect(schedule).to.deep.equal({ kind: "plateau", factor: 0.1, patience: 5, divisions: 3 });
    }
    expect(initialDraws(recipe, network)).to.deep.equal(drawsOf(network));
  });

  it("original: the rates of the diary in layers/layer-params-145.cfg", () => {
    const recipe = builtInRecipe("original");
    const table = [0, 24, 25, 50, 51, 66, 67, 71, 72, 78, 79, 89].map((epoch) => [
      epoch,
      ...["conv1.weight", "conv2.weight", "fc8.weight", "conv1.bias", "conv2.bias"].map((name) =>
        Number(rateOf(recipe, name, epoch).toPrecision(12)),
      ),
    ]);
    expect(table).to.deep.equal([
      [0, 0.01, 0.01, 0.01, 0.02, 0.02],
      [24, 0.01, 0.01, 0.01, 0.02, 0.02],
      [25, 0.001, 0.001, 0.001, 0.02, 0.02],
      [50, 0.001, 0.001, 0.001, 0.02, 0.02],
      [51, 0.0001, 0.0001, 0.0001, 0.02, 0.02],
      [66, 0.0001, 0.0001, 0.0001, 0.02, 0.02],
      [67, 0.00001, 0.0001, 0.0001, 0.02, 0.02],
      [71, 0.00001, 0.0001, 0.0001, 0.02, 0.02],
      [72, 0, 0.0001, 0.0001, 0, 0.02],
      [78, 0, 0.0001, 0.0001, 0, 0.02],
      [79, 0, 0.00001, 0.00001, 0, 0.02],
      [89, 0, 0.00001, 0.00001, 0, 0.02],
    ]);
    expect([settingsOf(recipe, "conv1.weight").decay, settingsOf(recipe, "conv1.bias").decay]).to.deep.equal([
      0.0005, 0,
    ]);
  });

  it("original: colour noise until epoch 67", () => {
    const recipe = builtInRecipe("original");
    expect(augmentationAt(recipe, 0)).to.deep.equal(builtInRecipe("paper").augmentation);
    expect(augmentationAt(recipe, 66)).to.have.property("colour");
    expect(augmentationAt(recipe, 67)).to.not.have.property("colour");
    expect(augmentationAt(recipe, 89)).to.deep.equal(augmentationAt(recipe, 67));
  });

  it("original: starts from the deviations and biases of layers/layers-145.cfg", () => {
    const draws = initialDraws(builtInRecipe("original"), network);
    const shown = [...draws].map(([name, draw]) => [name, Object.values(draw).at(-1) as number]);
    expect(Object.fromEntries(shown)).to.deep.equal({
      ...{ "conv1.weight": 0.01, "conv1.bias": 0, "conv2.weight": 0.01, "conv2.bias": 1 },
      ...{ "conv3.weight": 0.03, "conv3.bias": 0, "conv4.weight": 0.03, "conv4.bias": 1 },
      ...{ "conv5.weight": 0.03, "conv5.bias": 1, "fc6.weight": 0.01, "fc6.bias": 1 },
      ...{ "fc7.weight": 0.01, "fc7.bias": 1, "fc8.weight": 0.01, "fc8.bias": 0 },
    });
  });

  it("caffe: a tenth every 100,000 steps, biases at twice the rate without decay", () => {
    const recipe = builtInRecipe("caffe");
    const stepsPerEpoch = 5005;
    for (const [step, rate] of [
      [0, 0.01],
      [99_999, 0.01],
      [100_000, 0.001],
      [449_999, 0.000001],
    ]) {
      const progress = { step, stepsPerEpoch, epochs: recipe.epochs, plateau: PLATEAU_START };
      expect(rateAt(recipe.schedule, recipe.rate, progress)).to.be.closeTo(rate, rate * 1e-15);
    }
    expect(settingsOf(recipe, "fc7.bias")).to.deep.include({ rate: 2, decay: 0 });
    expect(settingsOf(recipe, "fc7.weight")).to.deep.include({ rate: 1, decay: 0.0005 });
  });

  for (const name of ["cifar10", "mnist"] as const)
    it(`${name}: rises to its rate and falls to nothing`, () => {
      const recipe = builtInRecipe(name);
      const stepsPerEpoch = 400;
      const steps = recipe.epochs * stepsPerEpoch;
      const rates = Array.from({ length: steps }, (_, step) =>
        rateAt(recipe.schedule, recipe.rate, {
          ...{ step, stepsPerEpoch, epochs: recipe.epochs },
          plateau: PLATEAU_START,
        }),
      );
      expect(Math.max(...rates)).to.equal(recipe.rate);
      expect(rates[0]).to.be.below(recipe.rate / 100);
      // the cosine's last step: (pi / steps)^2 / 4 of the rate
      expect(rates[steps - 1]).to.be.below(recipe.rate * (Math.PI / (steps - stepsPerEpoch)) ** 2);
    });
});

describe("recipes of a network", () => {
  const recipe: Recipe = {
    ...builtInRecipe("cifar10"),
    layers: { fc6: { weights: { rate: 3 }, biases: { decay: 0.25 } } },
  };

  it("override what a layer has otherwise", () => {
    const { schedule } = recipe;
    expect(settingsOf(recipe, "fc6.weight")).to.deep.equal({
      ...{ name: "fc6.weight", rate: 3, decay: 0.0005, schedule },
    });
    expect(settingsOf(recipe, "fc6.bias")).to.deep.equal({
      name: "fc6.bias",
      rate: 1,
      decay: 0.25,
      schedule,
    });
    expect(settingsOf(recipe, "fc7.bias")).to.deep.equal({ name: "fc7.bias", rate: 1, decay: 0, schedule });
  });

  it("refuse a layer that has no parameters, by the place in the recipe", async () => {
    const known = "conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8";
    await expectError(
      () => parameterSettings({ ...recipe, layers: { relu6: {} } }, network, "mine.json"),
      "RECIPE_INVALID",
      `mine.json: layers.relu6 is of no layer with parameters of alexnet2012; these are ${known};` +
        " remove it or choose another --model (`network`)",
    );
    const draw = { kind: "constant", value: 0 } as const;
    const initialisation = { weights: draw, biases: draw, layers: { conv9: {} } };
    await expectError(
      () => initialDraws({ ...recipe, initialisation }, network),
      "RECIPE_INVALID",
      `recipe cifar10: initialisation.layers.conv9 is of no layer with parameters of alexnet2012; these are ${known};` +
        " remove it or choose another --model (`network`)",
    );
  });

  it("draw initial weights as they say", async () => {
    const normal = { kind: "normal", sigma: 0.5 } as const;
    const constant = { kind: "constant", value: 0.25 } as const;
    const draws = initialDraws(
      {
        ...recipe,
        initialisation: { weights: normal, biases: constant, layers: { conv2: { weights: constant } } },
      },
      network,
    );
    const [own, authors] = [initWeights(network, 3, draws), initWeights(network, 3)];
    const read = (weights: typeof own, name: string) =>
      weights.stream(async (reader) => {
        const values = new Float32Array(96);
        await reader(name, 0, values);
        return values;
      });
    expect([...new Set(await read(own, "conv1.bias"))]).to.deep.equal([0.25]);
    expect([...new Set(await read(own, "conv2.weight"))]).to.deep.equal([0.25]);
    // the same draws of the same seed, 50 times as wide: within a rounding of float32 each
    const wide = await read(own, "conv1.weight");
    (await read(authors, "conv1.weight")).forEach((value, index) => {
      expect(wide[index]).to.be.closeTo(50 * value, Math.abs(50 * value) * 2 ** -22);
    });
  });
});

describe("recipe files", () => {
  it("are read, and errors name the file", () =>
    inFolder(async (folder) => {
      const path = join(folder, "mine.json");
      const recipe = { ...builtInRecipe("mnist"), name: "mine" };
      await writeFile(path, JSON.stringify(recipe));
      expect(await loadRecipe(path)).to.deep.equal(recipe);
      await writeFile(path, JSON.stringify({ ...recipe, epochs: 0 }));
      await expectError(
        loadRecipe(path),
        "RECIPE_INVALID",
        "FILE: epochs is 0; it must be a whole number from 1; see Recipes in docs/formats.md",
        path,
      );
      await writeFile(path, '{"name": "a", "name": "b"}');
      await expectError(
        loadRecipe(path),
        "RECIPE_INVALID",
        'FILE: the recipe is not JSON (key "name" is there twice); it must be one object; see Recipes in docs/formats.md',
        path,
      );
      await writeFile(path, '{"name": ');
      await expectError(loadRecipe(path), "RECIPE_INVALID", /^FILE: the recipe is not JSON \(/, path);
    }));

  it("that are not there are told with the names of the others", () =>
    expectError(
      loadRecipe("papers"),
      "RECIPE_INVALID",
      "papers: the recipe cannot be read (ENOENT: no such file or directory, open 'papers'); give the path of a JSON" +
        " file, or one of paper, original, caffe, cifar10, mnist",
    ));
});
