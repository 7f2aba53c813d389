import { fileURLToPath } from "node:url";
import { expect } from "chai";
import {
  cropsOf,
  prepareDecoded,
  prepareImage,
  writeCrop,
  type PreparedImage,
} from "../../lib/images/index.js";
import { PREPROCESSING, type Preprocessing } from "../../lib/network/preprocessing.js";
import { fixture, readJson, readRaw } from "./golden.js";

/** Values [channel, row, column, value] that a reference has in its network input. */
interface Recipe {
  readonly source: string;
  readonly model: "torchvision" | "single-tower" | "caffenet" | "alexnet2012";
  readonly size: number;
  readonly values: readonly (readonly [number, number, number, number])[];
}

function prepare({ source, model, size }: Recipe): Promise<PreparedImage> {
  const preprocessing = PREPROCESSING[model];
  if (source.endsWith(".jpg"))
    return prepareImage(fileURLToPath(fixture(source)), preprocessing, [3, size, size]);
  return Promise.resolve(
    prepareDecoded(readRaw(source.replace("resize/", "")), preprocessing, [3, size, size]),
  );
}

/**
 * How far a reference in float32 may be from the exact value. It rounds up to four times (the constants, pixel *
 * scale, the difference, the quotient), each by 2^-24 of what it rounds, none of which exceeds
 * (255 * scale + mean) / std; here one rounding is added.
 */
const tolerance = ({ scale, mean, std }: Preprocessing, channel: number): number =>
  (5 * 2 ** -24 * (255 * scale + (mean[channel] ?? NaN))) / (std[channel] ?? NaN);

describe("prepareImage and writeCrop", () => {
  const recipes = readJson("recipes.json") as Recipe[];
  for (const recipe of recipes)
    it(`${recipe.source} for ${recipe.model}, ${recipe.size}: the reference's input to the rounding of float32`, async () => {
      const { model, size, values } = recipe;
      const preprocessing = PREPROCESSING[model];
      const prepared = await prepare(recipe);
      const input = new Float32Array(3 * size * size);
      const layout = { offset: 0, channel: size * size, row: size, column: 1 };
      for (const crop of cropsOf(prepared, 1)) writeCrop(prepared, crop, preprocessing, input, layout);
      expect(values.length).to.equal(40);
      for (const [c, y, x, wanted] of values) {
        const got = input[c * size * size + y * size + x];
        expect(Math.abs(got - wanted), `channel ${c}, row ${y}, column ${x}`).to.be.at.most(
          tolerance(preprocessing, c),
        );
      }
    });

  it("a step of one in a pixel is far outside that tolerance, so the pixels are equal", () => {
    for (const preprocessing of [PREPROCESSING.torchvision, PREPROCESSING.caffenet])
      for (const channel of [0, 1, 2] as const)
        expect(preprocessing.scale / preprocessing.std[channel]).to.be.greaterThan(
          1000 * tolerance(preprocessing, channel),
        );
  });

  it("covers the four ways to prepare images, upright and lying, and a photograph's file format", () => {
    expect(new Set(recipes.map(({ model }) => model)).size).to.equal(4);
    expect(recipes.some(({ source }) => source.endsWith(".jpg"))).to.equal(true);
    expect(recipes.length).to.equal(16);
  });

  it("keeps size x size bytes however long the image is", () => {
    const thin = { width: 2, height: 5000, data: new Uint8Array(30_000).fill(9) };
    const prepared = prepareDecoded(thin, PREPROCESSING.torchvision, [3, 224, 224]);
    expect(prepared.data.length).to.equal(256 * 256 * 3);
    expect(new Set(prepared.data)).to.deep.equal(new Set([9]));
  });

  it("passes the signal on", async () => {
    const reason = new Error("not any more");
    let got: unknown;
    try {
      await prepareImage("missing.jpg", PREPROCESSING.torchvision, [3, 224, 224], {
        signal: AbortSignal.abort(reason),
      });
    } catch (error) {
      got = error;
    }
    expect(got).to.equal(reason);
  });
});
