import { expect } from "chai";
import sharp from "sharp";
import { cropsOf, prepareDecoded, prepareImage, writeCrop } from "../../lib/images/index.js";
import { toColour, toGrey } from "../../lib/images/grey.js";
import { PREPROCESSING, type Preprocessing } from "../../lib/network/preprocessing.js";
import { Random, testSeed } from "../random.js";
import { readRaw } from "./golden.js";

const seed = testSeed();
const grey: Preprocessing = {
  ...PREPROCESSING.torchvision,
  channels: "grey",
  scale: 1 / 255,
  mean: [0.1307],
  std: [0.3081],
  size: 28,
};

describe("grey images", () => {
  it("have the luma of BT.601, rounded", () => {
    // 255 * 0.299 = 76.2, 255 * 0.587 = 149.7, 255 * 0.114 = 29.1; 0.299 + 0.587 * 100 + 0.114 * 200 = 81.8
    const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 1, 100, 200];
    expect([...toGrey(Uint8Array.from(colours))]).to.deep.equal([76, 150, 29, 255, 0, 82]);
  });

  it(`is within a rounding of the weights from the exact luma (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const rgb = Uint8Array.from({ length: 30_000 }, () => random.integer(0, 255));
    toGrey(rgb).forEach((got, at) => {
      const [red, green, blue] = rgb.subarray(at * 3, at * 3 + 3);
      const exact = 0.299 * red + 0.587 * green + 0.114 * blue;
      // half a step, and three weights each rounded to 2^-16, half a step of it off
      expect(Math.abs(got - exact)).to.be.at.most(0.5 + 3 * 255 * 2 ** -17);
    });
  });

  it("made colour are grey again, whatever their value", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(toGrey(toColour(all))).to.deep.equal(all);
    expect([...toColour(all.subarray(7, 9))]).to.deep.equal([7, 7, 7, 8, 8, 8]);
  });

  it("are the luma of the resized colours", () => {
    const image = readRaw("noise-64x48");
    const colour = prepareDecoded(image, PREPROCESSING.torchvision, [3, 224, 224]);
    const got = prepareDecoded(image, { ...grey, size: 256 }, [1, 224, 224]);
    expect(got).to.deep.equal({ ...colour, channels: 1, data: toGrey(colour.data) });
  });

  it(`become one channel of the network's input, mirrored or not (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const prepared = prepareDecoded(readRaw("noise-64x48"), grey, [1, 20, 24]);
    for (const mirrored of [false, true]) {
      const crop = { row: random.integer(0, 8), column: random.integer(0, 4), mirrored };
      const target = new Float32Array(2 * 480 + 3).fill(-777);
      // channel strides have no meaning for one channel, so any is taken
      writeCrop(prepared, crop, grey, target, { offset: 3, channel: 1e9, row: 48, column: 2 });
      const wanted = new Float32Array(target.length).fill(-777);
      for (let y = 0; y < 20; y++)
        for (let x = 0; x < 24; x++) {
          const column = crop.column + (mirrored ? 23 - x : x);
          const pixel = prepared.data[(crop.row + y) * 28 + column];
          wanted[3 + y * 48 + x * 2] = (pixel * grey.scale - 0.1307) / 0.3081;
        }
      expect(target).to.deep.equal(wanted);
    }
  });

  it("go less a mean image of one channel", () => {
    const prepared = prepareDecoded(readRaw("noise-64x48"), grey, [1, 28, 28]);
    const meanImage = Float32Array.from({ length: 784 }, (_, at) => at / 784);
    const target = new Float32Array(784);
    const [crop] = cropsOf(prepared, 1);
    writeCrop(prepared, crop, { ...grey, meanImage }, target, {
      offset: 0,
      channel: 784,
      row: 28,
      column: 1,
    });
    expect(target).to.deep.equal(
      Float32Array.from(prepared.data, (pixel, at) => (pixel * grey.scale - meanImage[at]) / 0.3081),
    );
  });

  it("of 28 x 28 pixels in a PNG of one channel keep their bytes", async () => {
    const digit = Uint8Array.from({ length: 784 }, (_, at) => (at * 37) % 256);
    const png = await sharp(digit, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer();
    for (const filter of ["pil", "opencv"] as const)
      for (const resize of ["shorter-side", "stretch"] as const) {
        const prepared = await prepareImage(png, { ...grey, filter, resize }, [1, 28, 28]);
        expect(prepared.data).to.deep.equal(digit);
      }
  });
});
