import { expect } from "chai";
import sharp from "sharp";
import { prepareImage, type Image } from "../../../lib/images/index.js";
import type { Framing } from "../../../lib/network/preprocessing.js";
import { ImageCache } from "../../../lib/training/data/cache.js";
import type { Dataset } from "../../../lib/training/data/dataset.js";
import { datasetFrom } from "../../../lib/training/data/from-items.js";
import { preparedFor, PreparedDataset } from "../../../lib/training/data/prepared.js";
import { Random, testSeed } from "../../random.js";
import { errorOf, samples } from "../../scoring/small.js";
import { expectError } from "../../weights/helpers/files.js";
import { png, randomBytes, randomDataset } from "./helpers.js";

const seed = testSeed();
const framing: Framing = {
  channels: "RGB",
  resize: "shorter-side",
  size: 40,
  filter: "pil",
  centre: "truncate",
};

describe("a prepared data set", () => {
  it("has of files what scoring makes of them, to the byte", async () => {
    const dataset = await datasetFrom(samples.map((image) => ({ image, label: 0 })));
    for (const changed of [
      {},
      { resize: "stretch", filter: "opencv" },
      { channels: "grey", centre: "round", size: 41 },
    ] as const) {
      const frame = { ...framing, ...changed };
      const input = ["channels" in changed ? 1 : 3, 35, 33];
      const prepared = new PreparedDataset(dataset, frame, input);
      expect(prepared.shape).to.deep.equal([input[0], frame.size, frame.size]);
      for (const [index, path] of samples.entries()) {
        const wanted = await prepareImage(path, frame, input);
        expect(await prepared.pixels(index), path).to.deep.equal(wanted);
        // from memory
        expect(prepared.pixels(index), path).to.deep.equal(wanted);
      }
      expect(prepared.kept).to.equal(samples.length);
    }
  });

  it(`has of pixels what scoring makes of a file of them, to the byte (TEST_SEED=${seed})`, async () => {
    const random = new Random(seed);
    for (const channels of [1, 3] as const)
      for (const [width, height] of [
        [28, 28],
        [40, 40],
        [31, 57],
        [90, 40],
      ] as const) {
        const data = randomBytes(random, width * height * channels);
        const dataset = await datasetFrom([{ image: { width, height, channels, data }, label: 0 }]);
        const file = await png(width, height, channels, data);
        for (const order of ["RGB", "BGR", "grey"] as const)
          for (const filter of ["pil", "opencv"] as const) {
            const frame = { ...framing, channels: order, filter };
            const input = [order === "grey" ? 1 : 3, 32, 30];
            const prepared = new PreparedDataset(dataset, frame, input);
            const wanted = await prepareImage(file, frame, input);
            for (const time of ["first", "second"])
              expect(
                prepared.ready(0),
                `${channels} ${width} x ${height} ${order} ${filter} ${time}`,
              ).to.deep.equal(wanted);
          }
      }
  });

  it("gives the data set's own memory where nothing is to be done, and keeps none of it", () => {
    const dataset = randomDataset(new Random(1), 2, [3, 40, 40]);
    const prepared = new PreparedDataset(dataset, framing, [3, 32, 32]);
    const image = dataset.pixels(1) as Image;
    const got = prepared.ready(1);
    expect(got?.data.buffer).to.equal(image.data.buffer);
    expect(got?.data.byteOffset).to.equal(image.data.byteOffset);
    expect([got?.centreRow, got?.centreColumn, prepared.kept]).to.deep.equal([4, 4, 0]);
  });

  it("keeps as many images as there is room for, and decodes the others each time", async () => {
    const decoded: number[] = [];
    const dataset: Dataset = {
      source: "counted",
      classes: ["a"],
      size: 5,
      label: () => 0,
      pixels: (index) => {
        decoded.push(index);
        return Promise.resolve({ width: 2, height: 2, channels: 1, data: new Uint8Array(4).fill(index) });
      },
    };
    const frame = { ...framing, channels: "grey", size: 2 } as const;
    // 4 bytes an image, and 8 that tell its centre
    const prepared = new PreparedDataset(dataset, frame, [1, 2, 2], 35);
    for (const index of [3, 1, 4, 3, 1, 4]) expect((await prepared.pixels(index)).data[0]).to.equal(index);
    expect(decoded).to.deep.equal([3, 1, 4, 4]);
    expect(prepared.kept).to.equal(2);
    expect([prepared.ready(4), prepared.ready(3)?.data]).to.deep.equal([
      undefined,
      Uint8Array.of(3, 3, 3, 3),
    ]);
  });

  it("stays as it is for whoever wants it so, and is refused where it is wanted in another way", async () => {
    const dataset = randomDataset(new Random(1), 1, [3, 40, 40]);
    const prepared = preparedFor(dataset, framing, [3, 32, 32], 0);
    expect(preparedFor(prepared, { ...framing }, [3, 32, 32], undefined)).to.equal(prepared);
    for (const [changed, input] of [
      [{}, [3, 32, 31]],
      [{ channels: "BGR" }, [3, 32, 32]],
      [{ resize: "stretch" }, [3, 32, 32]],
      [{ size: 41 }, [3, 32, 32]],
      [{ filter: "opencv" }, [3, 32, 32]],
      [{ centre: "round" }, [3, 32, 32]],
    ] as const)
      await expectError(
        () => preparedFor(prepared, { ...framing, ...changed }, input, undefined),
        "OPTION_INVALID",
        /^dataset: random images is prepared as \{"channels":"RGB","resize":"shorter-side".* for an input \[3, 32, 32\];/,
      );
  });

  it("refuses a network that does not take its images, and options that are none", () => {
    const dataset = randomDataset(new Random(1), 1, [3, 40, 40]);
    return Promise.all([
      expectError(
        () => new PreparedDataset(dataset, framing, [3, 41, 40]),
        "INPUT_INVALID",
        /size 40 is less than/,
      ),
      expectError(
        () => new PreparedDataset(dataset, framing, [1, 40, 40]),
        "INPUT_INVALID",
        /need an input \[3, H, W\]/,
      ),
      expectError(
        () => new PreparedDataset(dataset, framing, [3, 40, 40], -1),
        "OPTION_INVALID",
        "cacheBytes: got -1; it must be a number of bytes from 0",
      ),
    ]);
  });

  it("refuses pixels of another length than their sides say, and promises where there must be none", async () => {
    const of = (pixels: Dataset["pixels"]): Dataset => ({
      source: "mine",
      classes: ["a"],
      size: 1,
      inMemory: true,
      label: () => 0,
      pixels,
    });
    const short: Image = { width: 40, height: 40, channels: 3, data: new Uint8Array(1600) };
    await expectError(
      () =>
        new PreparedDataset(
          of(() => short),
          framing,
          [3, 32, 32],
        ).ready(0),
      "INPUT_INVALID",
      "mine: image 0 has 1600 bytes; it must have 40 x 40 x 3, height, width and channels; mend pixels() of the data set",
    );
    const late = new PreparedDataset(
      of(() => Promise.resolve(short)),
      framing,
      [3, 32, 32],
    );
    expect(await errorOf(() => late.ready(0))).to.have.property(
      "message",
      "mine: pixels() must answer without a promise where inMemory is true",
    );
  });
});

describe("the files of these tests", () => {
  it("a PNG of random bytes is a fair witness: sharp gives them back", async () => {
    const data = randomBytes(new Random(2), 75);
    const { data: got } = await sharp(await png(5, 5, 3, data))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(Uint8Array.from(got)).to.deep.equal(data);
  });
});

describe("ImageCache", () => {
  it(`gives back what was put, over many blocks, in any order (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    // three images a block of 4 MB
    const bytes = 1_300_000;
    const cache = new ImageCache(20, bytes, 8 * (bytes + 8));
    const images = Array.from({ length: 20 }, (_, index) => ({
      data: new Uint8Array(bytes).fill(index + 1),
      centreRow: index * 3,
      centreColumn: index * 5,
    }));
    const order = images
      .map((_, index) => ({ index, place: random.next() }))
      .sort((a, b) => a.place - b.place);
    for (const { index } of order) {
      cache.put(index, images[index]);
      cache.put(index, { ...images[index], centreRow: -1 });
    }
    expect(cache.kept).to.equal(8);
    order.forEach(({ index }, place) => {
      expect(cache.get(index)).to.deep.equal(place < 8 ? images[index] : undefined);
    });
  });

  it("of no bytes keeps nothing", () => {
    const cache = new ImageCache(2, 4, 0);
    cache.put(0, { data: new Uint8Array(4), centreRow: 0, centreColumn: 0 });
    expect([cache.kept, cache.get(0)]).to.deep.equal([0, undefined]);
  });
});
