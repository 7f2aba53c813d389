/** The texts of what a network must be to be trained, and of runs that go astray, as their factories make them. */
import { expect } from "chai";
import type { AlexNetError, ErrorCode } from "../../lib/errors/base.js";
import { cliErrors } from "../../lib/errors/cli.js";
import { runErrors, trainingErrors } from "../../lib/errors/training.js";

const TEXTS: readonly [name: string, error: AlexNetError, code: ErrorCode, text: string][] = [
  [
    "noWeights",
    trainingErrors.noWeights("n"),
    "TRAINING_IMPOSSIBLE",
    "network n: it has no convolution and no fully connected layer; there is nothing to train",
  ],
  [
    "noClasses",
    trainingErrors.noClasses("n", [8, 3, 2]),
    "TRAINING_IMPOSSIBLE",
    "network n: its output has shape [8, 3, 2]; training needs one value a class; end the network in a fully connected" +
      " layer",
  ],
  [
    "padding",
    trainingErrors.padding("conv1", [3, 3, 3, 3], [3, 3]),
    "TRAINING_IMPOSSIBLE",
    "layer conv1: padding is [3, 3, 3, 3]; to be trained it must be less than the kernel [3, 3] at the top and left; pad" +
      " less",
  ],
  [
    "noValidation",
    trainingErrors.noValidation("paper", "photos"),
    "OPTION_INVALID",
    "recipe paper: its schedule is a plateau, and photos has no validation images; it needs them to see when accuracy" +
      ' stalls; put images into a part "val", or take another schedule',
  ],
  [
    "otherClasses",
    trainingErrors.otherClasses("caffenet", 1000, "photos", 3),
    "INPUT_INVALID",
    "photos: it has 3 classes; network caffenet tells 1000 apart; give the data or the weights that belong together",
  ],
  [
    "diverged",
    runErrors.diverged(7, Infinity, 0.5, undefined),
    "TRAINING_DIVERGED",
    "step 7: the loss is Infinity; it must be finite; training with a learning rate of 0.5 went astray; take a smaller one",
  ],
  [
    "diverged, with a folder",
    runErrors.diverged(7, null, 0.5, "run"),
    "TRAINING_DIVERGED",
    "step 7: the loss is no number; it must be finite; training with a learning rate of 0.5 went astray; take a smaller" +
      " one; the last checkpoint in run is from before",
  ],
  [
    "conflict",
    cliErrors.conflict("--out", "--resume", "the run goes on in its folder"),
    "USAGE",
    "--out: not together with --resume: the run goes on in its folder; leave one out",
  ],
  [
    "modelUnreadable",
    cliErrors.modelUnreadable("n.json", ["caffenet", "mnist"], new Error("why")),
    "USAGE",
    "--model: n.json cannot be read as a network (why); give one of caffenet, mnist, or a JSON file of a network",
  ],
];

describe("errors of training", () => {
  for (const [name, error, code, text] of TEXTS)
    it(`${name}: names what was got, the rule and what to do`, () => {
      expect([error.code, error.message]).to.deep.equal([code, text]);
    });
});
