import { expect } from "chai";
import { PREPROCESSING, type Framing } from "../../../lib/network/preprocessing.js";
import {
  checkNormalisation,
  frameOf,
  isMeasured,
  preprocessingFrom,
  type Frame,
} from "../../../lib/training/data/normalisation.js";
import { PreparedDataset } from "../../../lib/training/data/prepared.js";
import { measure } from "../../../lib/training/data/statistics.js";
import { checkPreprocessing } from "../../../lib/weights/metadata.js";
import { Random } from "../../random.js";
import { expectError } from "../../weights/helpers/files.js";
import { randomDataset } from "./helpers.js";

const framing: Framing = {
  channels: "RGB",
  resize: "shorter-side",
  size: 4,
  filter: "pil",
  centre: "truncate",
};
const statistics = (channels: 1 | 3) =>
  measure(
    new PreparedDataset(
      randomDataset(new Random(5), 6, [channels, 4, 4]),
      { ...framing, channels: channels === 1 ? "grey" : "RGB" },
      [channels, 4, 4],
    ),
  );

describe("checkNormalisation", () => {
  it("takes words and numbers, and the fields of a preprocessing", () => {
    for (const value of [
      { mean: "image", std: "none" },
      { mean: "colour", std: "measured", scale: 1, size: 256, resize: "stretch" },
      { mean: "none", std: [1, 2, 3], channels: "BGR", filter: "opencv", centre: "round" },
      { mean: [0.5], std: [0.25] },
    ])
      expect(checkNormalisation(value)).to.equal(value);
  });

  const known = "mean, std, scale, channels, resize, size, filter, centre";
  for (const [value, text] of [
    [null, `normalisation: got null; it must be an object of ${known}`],
    [[], `normalisation: got []; it must be an object of ${known}`],
    [
      { std: "none" },
      'normalisation.mean: got nothing; it must be "image", "colour", "none" or a list of numbers',
    ],
    [
      { mean: "pixel" },
      'normalisation.mean: got "pixel"; it must be "image", "colour", "none" or a list of numbers',
    ],
    [{ mean: "none" }, 'normalisation.std: got nothing; it must be "measured", "none" or a list of numbers'],
    [
      { mean: "none", std: "none", kind: "mean-image" },
      `normalisation.kind: got "mean-image"; it must be left out: known are ${known}`,
    ],
  ] as const)
    it(`refuses ${text}`, () => expectError(() => checkNormalisation(value), "OPTION_INVALID", text));

  it("tells what needs a training set to be measured", () => {
    const of = (mean: "image" | "colour" | "none" | number[], std: "measured" | "none" | number[]) =>
      isMeasured({ mean, std });
    expect([of("none", "none"), of([1], [1]), of("none", [1])]).to.deep.equal([false, false, false]);
    expect([of("image", "none"), of("colour", [1]), of([1], "measured")]).to.deep.equal([true, true, true]);
  });
});

describe("the frame of images", () => {
  it("is the network's own where it is published, but for what the recipe says", () => {
    const { channels, scale, resize, size, filter, centre } = PREPROCESSING.caffenet;
    const own = { channels, scale, resize, size, filter, centre };
    const nothing = { mean: "none", std: "none" } as const;
    expect(frameOf(nothing, [3, 227, 227], PREPROCESSING.caffenet)).to.deep.equal(own);
    expect(
      frameOf({ ...nothing, size: 300, channels: "RGB", scale: 0.5 }, [3, 227, 227], PREPROCESSING.caffenet),
    ).to.deep.equal({ ...own, size: 300, channels: "RGB", scale: 0.5 });
  });

  it("follows the network's input where nobody says it", () => {
    const frame = { scale: 1 / 255, resize: "shorter-side", filter: "pil", centre: "truncate" };
    expect(frameOf({ mean: "none", std: "none" }, [3, 24, 32], undefined)).to.deep.equal({
      ...frame,
      channels: "RGB",
      size: 32,
    });
    expect(frameOf({ mean: "none", std: "none" }, [1, 28, 28], undefined)).to.deep.equal({
      ...frame,
      channels: "grey",
      size: 28,
    });
  });

  it("refuses fields that no preprocessing has", () =>
    expectError(
      () => frameOf({ mean: "none", std: "none", size: 5000 }, [3, 32, 32], undefined),
      "OPTION_INVALID",
      "normalisation: size is 5000; it must be a whole number from 1 to 4096; mend it in the recipe",
    ));
});

describe("a preprocessing by measurement", () => {
  const frame: Frame = { ...framing, scale: 1 / 255 };
  it("has the mean colour and what is left around it, on its scale and in its order", async () => {
    const measured = await statistics(3);
    const scaled = (values: readonly number[]) => values.map((value) => value * (1 / 255));
    expect(preprocessingFrom({ mean: "colour", std: "measured" }, frame, measured)).to.deep.equal({
      ...frame,
      mean: scaled(measured.meanColour()),
      std: scaled(measured.deviations("colour")),
    });
    const bgr = { ...frame, channels: "BGR", scale: 1 } as const;
    expect(preprocessingFrom({ mean: "colour", std: "measured" }, bgr, measured)).to.deep.equal({
      ...bgr,
      mean: measured.meanColour().reverse(),
      std: measured.deviations("colour").reverse(),
    });
  });

  it("has a mean image beside its colour, which weight files can keep", async () => {
    const measured = await statistics(3);
    const image = measured.meanImage();
    const rgb = preprocessingFrom({ mean: "image", std: "measured" }, frame, measured);
    expect(rgb.meanImage).to.deep.equal(Float32Array.from(image, (value) => value * (1 / 255)));
    expect(rgb.mean).to.deep.equal(measured.meanColour().map((value) => value * (1 / 255)));
    expect(rgb.std).to.deep.equal(measured.deviations("image").map((value) => value * (1 / 255)));
    expect(checkPreprocessing(rgb)).to.equal(rgb);
    const bgr = preprocessingFrom(
      { mean: "image", std: "none" },
      { ...frame, channels: "BGR", scale: 1 },
      measured,
    );
    const plane = (channel: number) => image.subarray(channel * 16, channel * 16 + 16);
    expect(bgr.meanImage).to.deep.equal(Float32Array.from([...plane(2), ...plane(1), ...plane(0)]));
    expect(bgr.std).to.deep.equal([1, 1, 1]);
  });

  it("of grey images has one number, and a mean image of one channel", async () => {
    const measured = await statistics(1);
    const got = preprocessingFrom(
      { mean: "image", std: "measured" },
      { ...frame, channels: "grey" },
      measured,
    );
    expect([got.mean.length, got.std.length, got.meanImage?.length]).to.deep.equal([1, 1, 16]);
  });

  it("takes numbers as they are, and none as nothing", () => {
    expect(preprocessingFrom({ mean: [1, 2, 3], std: [4, 5, 6] }, frame, undefined)).to.deep.equal({
      ...frame,
      mean: [1, 2, 3],
      std: [4, 5, 6],
    });
    expect(
      preprocessingFrom({ mean: "none", std: "none" }, { ...frame, channels: "grey" }, undefined),
    ).to.deep.equal({
      ...frame,
      channels: "grey",
      mean: [0],
      std: [1],
    });
  });

  it("refuses numbers of other channels", () =>
    expectError(
      () => preprocessingFrom({ mean: [1], std: "none" }, frame, undefined),
      "OPTION_INVALID",
      "normalisation: mean is [1]; it must be three numbers, or a list of one for grey; mend it in the recipe",
    ));
});
