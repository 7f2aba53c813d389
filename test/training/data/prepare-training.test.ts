import { expect } from "chai";
import type { Augmentation } from "../../../lib/training/data/augmentation.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { prepareTraining } from "../../../lib/training/data/prepare-training.js";
import { Random } from "../../random.js";
import { errorOf } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { randomDataset } from "./helpers.js";

import { augmentation, input, preprocessing } from "./batch-helpers.js";

describe("prepareTraining", () => {
  const dataset = randomDataset(new Random(4), 10, [3, 8, 8]);
  it("measures colour components for the augmentations that want them, and leaves the others alone", async () => {
    const plain: Augmentation = { crop: "centre", mirror: false };
    const { augmentations, preprocessing: got } = await prepareTraining(dataset, {
      input,
      normalisation: { mean: "none", std: "none", size: 8 },
      augmentations: [plain, augmentation, { ...plain, colour: { sigma: 0.3, components: "measured" } }],
    });
    expect(augmentations.slice(0, 2)).to.deep.equal([plain, augmentation]);
    expect(augmentations[2].colour?.sigma).to.equal(0.3);
    // even bytes from 0 to 255 have a variance of 65535 / 12, on the scale 0..1 a twelfth
    for (const value of augmentations[2].colour?.components.eigenvalues ?? [])
      expect(value).to.be.within(0.06, 0.11);
    expect(got).to.deep.equal({ ...preprocessing, mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it("reads no image where all numbers are given", async () => {
    const unread: Dataset = {
      source: "unread",
      classes: ["a"],
      size: 1,
      label: () => 0,
      pixels: () => {
        throw new Error("read");
      },
    };
    const options = {
      input,
      normalisation: { mean: [1, 2, 3], std: "none" },
      augmentations: [augmentation],
    } as const;
    const { dataset: prepared } = await prepareTraining(unread, options);
    expect(prepared.size).to.equal(1);
    const measured = { ...options, normalisation: { mean: "colour", std: "none" } } as const;
    expect(await errorOf(prepareTraining(unread, measured))).to.have.property("message", "read");
  });

  it("refuses what cannot be done before anything is read", () =>
    expectError(
      prepareTraining(dataset, {
        input: [1, 6, 7],
        normalisation: { mean: "colour", std: "none" },
        augmentations: [{ crop: "centre", mirror: false, colour: { sigma: 0.1, components: "measured" } }],
      }),
      "OPTION_INVALID",
      'augmentation.colour: got {"sigma":0.1,"components":"measured"}; it must be left out where the network takes 1 channel',
    ));
});
