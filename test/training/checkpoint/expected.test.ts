import { expect } from "chai";
import { defineNetwork } from "../../../lib/network/define.js";
import { loadCheckpoint } from "../../../lib/training/checkpoint/load.js";
import { saveCheckpoint } from "../../../lib/training/checkpoint/save.js";
import { runFiles } from "../../../lib/training/run-folder.js";
import { expectError, inFolder } from "../../weights/helpers/files.js";
import { constantState, labels, network } from "./states.js";

describe("checkpoint, what is expected of it", () => {
  const { run } = constantState(0, 0, 0);

  it("is taken where it is as expected, also in part", () =>
    inFolder(async (folder) => {
      await saveCheckpoint(folder, constantState(1, 1, 1));
      for (const expected of [{}, { seed: run.seed }, { ...run, network }])
        expect((await loadCheckpoint(folder, expected)).run).to.deep.equal(run);
    }));

  const other = defineNetwork({ ...network, name: "other" });
  const [flatten, fc2] = network.layers.slice(1);
  const wider = defineNetwork({
    ...network,
    layers: [network.layers[0], flatten, { ...fc2, outFeatures: 9 }],
  });
  const CASES = [
    [{ seed: 1 }, "seed", "9007199254740991", "1"],
    [{ ...run, seed: 1 }, "seed", "9007199254740991", "1"],
    [{ kernels: "wide" }, "kernels", '"baseline"', '"wide"'],
    [{ network: other }, "network.name", '"small"', '"other"'],
    [{ network: wider }, "network.layers[2].outFeatures", "14", "9"],
    [{ recipe: { ...run.recipe, epochs: 3 } }, "recipe.epochs", "90", "3"],
    [
      { recipe: { ...run.recipe, schedule: { kind: "constant" } } },
      "recipe.schedule.kind",
      '"step"',
      '"constant"',
    ],
    [{ recipe: { ...run.recipe, network: undefined } }, "recipe.network", '"alexnet2012"', "nothing"],
    [
      { recipe: { ...run.recipe, normalisation: { ...run.recipe.normalisation, mean: "colour" } } },
      "recipe.normalisation.mean",
      '"image"',
      '"colour"',
    ],
    [{ data: { ...run.data, classes: ["a"] } }, "data.classes.length", "14", "1"],
    [{ data: { ...run.data, classes: labels.with(3, "x") } }, "data.classes[3]", '"class 3"', '"x"'],
    [{ data: { ...run.data, training: 7 } }, "data.training", "50000", "7"],
  ] as const;
  for (const [expected, at, was, is] of CASES)
    it(`and refused where ${at} differs`, () =>
      inFolder(async (folder) => {
        await saveCheckpoint(folder, constantState(1, 1, 1));
        await expectError(
          loadCheckpoint(folder, expected as object),
          "CHECKPOINT_MISMATCH",
          `FILE: ${at} is ${was} in the checkpoint and ${is} in this run; a run goes on as it began, or it would be` +
            " another; leave the option out or repeat it as it was, or start another run",
          runFiles(folder).checkpoint,
        );
      }));
});
