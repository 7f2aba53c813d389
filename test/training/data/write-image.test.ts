import { expect } from "chai";
import type { PreparedImage } from "../../../lib/images/index.js";
import { channelsOf, type Preprocessing } from "../../../lib/network/preprocessing.js";
import type { MeasuredAugmentation } from "../../../lib/training/data/augmentation.js";
import { ImageDraws } from "../../../lib/training/data/draws.js";
import { ImageWriter } from "../../../lib/training/data/write-image.js";
import { Random, testSeed } from "../../random.js";
import { randomBytes } from "./helpers.js";

const seed = testSeed();

/** What is to be written, pixel by pixel as the documents say it, draws taken from the one who draws. */
function reference(
  image: PreparedImage,
  { crop, pad = 0, padding = "zeros", mirror, colour, cutout }: MeasuredAugmentation,
  preprocessing: Preprocessing,
  draws: ImageDraws,
): Float32Array {
  const { width, height, channels, cropHeight, cropWidth, data } = image;
  const { scale, mean, std, meanImage } = preprocessing;
  const random = crop === "random";
  const top = random ? draws.row(height + 2 * pad - cropHeight + 1) - pad : image.centreRow;
  const left = random ? draws.column(width + 2 * pad - cropWidth + 1) - pad : image.centreColumn;
  const mirrored = mirror && draws.mirrored();
  const shift = [0, 0, 0];
  if (colour)
    for (const i of [0, 1, 2] as const)
      for (const c of [0, 1, 2])
        shift[c] +=
          colour.sigma *
          draws.normal(i) *
          colour.components.eigenvalues[i] *
          colour.components.eigenvectors[i][c];
  const reflected = (at: number, size: number) => (at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at);
  const out = new Float32Array(channels * cropHeight * cropWidth);
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < cropHeight; y++)
      for (let x = 0; x < cropWidth; x++) {
        let row = top + y;
        let column = left + (mirrored ? cropWidth - 1 - x : x);
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        if (!inside && padding === "zeros") continue;
        row = reflected(row, height);
        column = reflected(column, width);
        const byte = preprocessing.channels === "BGR" ? 2 - channel : channel;
        const pixel = data[(row * width + column) * channels + byte];
        const less = meanImage?.[(channel * height + row) * width + column] ?? mean[channel];
        const value = Math.fround((pixel * scale - less) / std[channel]);
        const noise = colour ? shift[byte] * ((255 * scale) / std[channel]) : 0;
        out[(channel * cropHeight + y) * cropWidth + x] = value + noise;
      }
  if (cutout !== undefined) {
    const [cutTop, cutLeft] = [draws.cutoutRow(cropHeight), draws.cutoutColumn(cropWidth)].map(
      (middle) => middle - Math.floor(cutout / 2),
    );
    for (let channel = 0; channel < channels; channel++)
      for (let y = 0; y < cropHeight; y++)
        for (let x = 0; x < cropWidth; x++)
          if (y >= cutTop && y < cutTop + cutout && x >= cutLeft && x < cutLeft + cutout)
            out[(channel * cropHeight + y) * cropWidth + x] = 0;
  }
  return out;
}

function randomCase(random: Random) {
  const channels = random.pick(["RGB", "BGR", "grey"] as const);
  const planes = channelsOf({ channels });
  const size = random.integer(3, 12);
  const height = random.integer(2, size);
  const width = random.integer(2, size);
  const list = (from: number) => Array.from({ length: planes }, () => from + random.next());
  const preprocessing: Preprocessing = {
    channels,
    scale: random.pick([1, 1 / 255]),
    mean: list(0),
    std: list(0.1),
    resize: "stretch",
    size,
    filter: "pil",
    centre: "truncate",
    ...(random.chance(0.3) && {
      meanImage: Float32Array.from({ length: planes * size * size }, () => random.next()),
    }),
  };
  const image: PreparedImage = {
    width: size,
    height: size,
    channels: planes,
    data: randomBytes(random, planes * size * size),
    cropHeight: height,
    cropWidth: width,
    centreRow: Math.floor((size - height) / 2),
    centreColumn: Math.floor((size - width) / 2),
  };
  const crop = random.pick(["random", "centre"] as const);
  const padding = random.pick(["zeros", "reflection", undefined] as const);
  const side = Math.min(height, width);
  const most = padding === "reflection" ? Math.floor((side - 1) / 2) : side - 1;
  const triple = () => [random.value(), random.value(), random.value()] as const;
  const augmentation: MeasuredAugmentation = {
    crop,
    mirror: random.chance(0.5),
    ...(crop === "random" && random.chance(0.7) && { pad: random.integer(0, most) }),
    ...(padding && { padding }),
    ...(planes === 3 &&
      random.chance(0.5) && {
        colour: {
          sigma: random.next(),
          components: { eigenvalues: [1, 0.5, 0.25], eigenvectors: [triple(), triple(), triple()] },
        },
      }),
    ...(random.chance(0.4) && { cutout: random.integer(1, side) }),
  };
  return { preprocessing, image, augmentation, input: [planes, height, width] };
}

describe("a training image", () => {
  it(`is cut, padded, mirrored, normalised, shaded and cut out as plain loops do it (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let repeat = 0; repeat < 3000; repeat++) {
      const { preprocessing, image, augmentation, input } = randomCase(random);
      const [epoch, index, key] = [random.integer(0, 9), random.integer(0, 1e6), random.integer(0, 2 ** 40)];
      const writer = new ImageWriter(preprocessing, input, key);
      const draws = new ImageDraws(key);
      draws.moveTo(epoch, index);
      const wanted = reference(image, augmentation, preprocessing, draws);
      const target = new Float32Array(wanted.length + 7).fill(-777);
      writer.write(image, augmentation, epoch, index, target, 3);
      const at = `repeat ${repeat}: ${JSON.stringify({ augmentation, input, size: preprocessing.size })}`;
      const wrong = wanted.findIndex((value, i) => !Object.is(target[i + 3] + 0, value + 0));
      expect(wrong, `${at}: first element that differs`).to.equal(-1);
      expect([...target.subarray(0, 3), ...target.subarray(-4)], at).to.deep.equal(Array(7).fill(-777));
    }
  });

  it("varies from epoch to epoch and from image to image, and from nothing else", () => {
    const random = new Random(3);
    const preprocessing: Preprocessing = {
      channels: "RGB",
      scale: 1,
      mean: [1, 2, 3],
      std: [1, 1, 1],
      resize: "stretch",
      size: 32,
      filter: "pil",
      centre: "truncate",
    };
    const image: PreparedImage = {
      width: 32,
      height: 32,
      channels: 3,
      data: randomBytes(random, 3072),
      cropHeight: 32,
      cropWidth: 32,
      centreRow: 0,
      centreColumn: 0,
    };
    const augmentation = { crop: "random", pad: 4, mirror: true } as const;
    const writer = new ImageWriter(preprocessing, [3, 32, 32], 1);
    const write = (epoch: number, index: number) => {
      const target = new Float32Array(3072);
      writer.write(image, augmentation, epoch, index, target, 0);
      return String(target);
    };
    // 81 places and 2 mirror images: 40 of 162 are not all alike
    expect(new Set(Array.from({ length: 40 }, (_, epoch) => write(epoch, 5))).size).to.be.above(20);
    expect(new Set(Array.from({ length: 40 }, (_, index) => write(5, index))).size).to.be.above(20);
    expect(write(2, 3)).to.equal(write(2, 3));
  });
});
