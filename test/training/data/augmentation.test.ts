import { expect } from "chai";
import {
  checkAugmentation,
  checkFits,
  checkMeasured,
  type Augmentation,
} from "../../../lib/training/data/augmentation.js";
import { expectError } from "../../weights/helpers/files.js";

const components = {
  eigenvalues: [0.2175, 0.0188, 0.0045],
  eigenvectors: [
    [-0.5675, -0.5808, -0.5836],
    [0.7192, -0.0045, -0.6948],
    [0.4009, -0.814, 0.4203],
  ],
};
const whole = {
  crop: "random",
  pad: 4,
  padding: "reflection",
  mirror: true,
  colour: { sigma: 0.1, components },
  cutout: 16,
};

describe("checkAugmentation", () => {
  it("takes what has all fields, and what has those that are needed", () => {
    for (const value of [
      whole,
      { crop: "centre", mirror: false },
      { crop: "centre", pad: 0, mirror: false },
      { crop: "random", mirror: true, colour: { sigma: 0, components: "measured" } },
    ])
      expect(checkAugmentation(value)).to.equal(value);
  });

  const known = "crop, pad, padding, mirror, colour, cutout";
  for (const [change, text] of [
    [{ crop: 224 }, 'augmentation.crop: got 224; it must be "random" or "centre"'],
    [{ crop: undefined }, 'augmentation.crop: got nothing; it must be "random" or "centre"'],
    [{ pad: 1.5 }, "augmentation.pad: got 1.5; it must be a whole number of pixels from 0"],
    [{ pad: -1 }, "augmentation.pad: got -1; it must be a whole number of pixels from 0"],
    [{ crop: "centre" }, "augmentation.pad: got 4; it must be 0 or left out with a centre crop"],
    [{ padding: "edge" }, 'augmentation.padding: got "edge"; it must be "zeros" or "reflection"'],
    [{ mirror: 1 }, "augmentation.mirror: got 1; it must be true or false"],
    [{ mirror: undefined }, "augmentation.mirror: got nothing; it must be true or false"],
    [{ cutout: 0 }, "augmentation.cutout: got 0; it must be a whole number of pixels from 1"],
    [{ rotate: 5 }, `augmentation.rotate: got 5; it must be left out: known are ${known}`],
    [{ colour: 0.1 }, "augmentation.colour: got 0.1; it must be an object of sigma, components"],
    [{ colour: { sigma: -1, components } }, "augmentation.colour.sigma: got -1; it must be a number from 0"],
    [
      { colour: { sigma: 0.1 } },
      'augmentation.colour.components: got nothing; it must be "measured", or an object of eigenvalues, eigenvectors',
    ],
    [
      { colour: { sigma: 0.1, components, kind: "pca" } },
      'augmentation.colour.kind: got "pca"; it must be left out: known are sigma, components',
    ],
    [
      { colour: { sigma: 0.1, components: { ...components, eigenvalues: [1, 2, -1] } } },
      "augmentation.colour.components.eigenvalues: got [1,2,-1]; it must be three numbers from 0",
    ],
    [
      { colour: { sigma: 0.1, components: { ...components, eigenvectors: [[1, 2, 3]] } } },
      "augmentation.colour.components.eigenvectors: got [[1,2,3]]; it must be three lists of three numbers",
    ],
  ] as const)
    it(`refuses ${text}`, () =>
      expectError(() => checkAugmentation({ ...whole, ...change }), "OPTION_INVALID", text));

  it("refuses what is no object, under the name that it has", () =>
    expectError(
      () => checkAugmentation([], "augmentationChanges[0].augmentation"),
      "OPTION_INVALID",
      `augmentationChanges[0].augmentation: got []; it must be an object of ${known}`,
    ));
});

describe("an augmentation for a network's input", () => {
  const crop = { crop: "random", mirror: false } as const;
  it("fits up to the limits", () => {
    checkFits({ ...crop, pad: 31, cutout: 32 }, [3, 32, 40]);
    checkFits({ ...crop, pad: 15, padding: "reflection" }, [1, 32, 40]);
    checkFits({ ...crop, pad: 15, padding: "reflection" }, [1, 31, 40]);
  });

  for (const [augmentation, input, text] of [
    [
      { ...crop, pad: 32 },
      [3, 32, 40],
      "augmentation.pad: got 32; it must be at most 31 with zeros and the crops of 32 x 40",
    ],
    [
      { ...crop, pad: 16, padding: "reflection" },
      [3, 40, 32],
      "augmentation.pad: got 16; it must be at most 15 with reflection and the crops of 40 x 32",
    ],
    [
      { ...crop, cutout: 33 },
      [3, 32, 40],
      "augmentation.cutout: got 33; it must be at most 32 with the crops of 32 x 40",
    ],
    [
      { ...crop, colour: { sigma: 0.1, components: "measured" } },
      [1, 28, 28],
      'augmentation.colour: got {"sigma":0.1,"components":"measured"}; it must be left out where the network takes 1 channel',
    ],
  ] as const)
    it(`refuses ${text}`, () =>
      expectError(
        () => {
          checkFits(augmentation, input);
        },
        "OPTION_INVALID",
        text,
      ));

  it("is not done where its components are to be measured", () =>
    expectError(
      () => {
        const measured: Augmentation = { ...crop, colour: { sigma: 0.1, components: "measured" } };
        checkMeasured(measured);
      },
      "OPTION_INVALID",
      'augmentation.colour.components: got "measured"; it must be their numbers, which prepareTraining measures',
    ));
});
