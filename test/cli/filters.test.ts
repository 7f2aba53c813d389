import { expect } from "chai";
import sharp from "sharp";
import { drawKernels } from "../../lib/pictures/kernels.js";
import { defineNetwork } from "../../lib/network/define.js";
import { saveWeights } from "../../lib/weights/index.js";
import { seededWeights } from "../seeded-weights.js";
import { SMALL_PREPROCESSING, withFolder } from "../scoring/small.js";
import { alexnet } from "./command.js";

/** 40 kernels of 3 x 2, 20 a tower: a full row of 16 and one of 4 in each half. */
const KERNELS = 40;
const [HEIGHT, WIDTH] = [3, 2];
const [ZOOM, GAP, TOWER_GAP] = [5, 4, 16];
const values = Float32Array.from({ length: KERNELS * 3 * HEIGHT * WIDTH }, (_, at) => Math.sin(at * at));

const pictureOf = (blueFirst: boolean) =>
  drawKernels({ values, shape: [KERNELS, 3, HEIGHT, WIDTH] }, 2, blueFirst);

describe("alexnet filters", () => {
  it("puts a tower to each half, 16 kernels a row", () => {
    const { width, height, data } = pictureOf(false);
    expect(width).to.equal(16 * (WIDTH * ZOOM + GAP) + GAP);
    expect(height).to.equal(2 * GAP + 4 * HEIGHT * ZOOM + 2 * GAP + TOWER_GAP);
    expect(data.length).to.equal(width * height * 3);
    const rowIsWhite = (y: number) =>
      data.subarray(y * width * 3, (y + 1) * width * 3).every((byte) => byte === 255);
    const white = Array.from({ length: height }, (_, y) => y).filter(rowIsWhite);
    expect(white.length).to.equal(2 * GAP + 2 * GAP + TOWER_GAP);
    expect(white).to.include.members([
      0,
      height - 1,
      height / 2 - TOWER_GAP / 2,
      height / 2 + TOWER_GAP / 2 - 1,
    ]);
  });

  for (const blueFirst of [false, true])
    it(`draws each weight between the kernel's own extremes, ${blueFirst ? "BGR" : "RGB"} as RGB`, () => {
      const { width, data } = pictureOf(blueFirst);
      for (const [kernel, left, top] of [
        [0, GAP, GAP],
        [17, GAP + WIDTH * ZOOM + GAP, GAP + HEIGHT * ZOOM + GAP],
        [20, GAP, GAP + 2 * HEIGHT * ZOOM + GAP + TOWER_GAP],
      ]) {
        const own = values.subarray(kernel * 18, (kernel + 1) * 18);
        const [least, most] = [Math.min(...own), Math.max(...own)];
        for (let y = 0; y < HEIGHT; y++)
          for (let x = 0; x < WIDTH; x++)
            for (const corner of [0, ZOOM - 1])
              for (let colour = 0; colour < 3; colour++) {
                const channel = blueFirst ? 2 - colour : colour;
                const value = own[(channel * HEIGHT + y) * WIDTH + x];
                const at = ((top + y * ZOOM + corner) * width + left + x * ZOOM + corner) * 3 + colour;
                expect(data[at]).to.equal(Math.round(((value - least) / (most - least)) * 255));
              }
      }
    });

  it("draws a kernel of one value grey", () => {
    const { data } = drawKernels({ values: new Float32Array(3), shape: [1, 3, 1, 1] }, 1, false);
    expect([...new Set(data)].sort()).to.deep.equal([128, 255]);
  });

  it("draws one channel grey, as large as it is told", () => {
    const grey = drawKernels({ values: values.subarray(0, 6), shape: [1, 1, 3, 2] }, 1, false, 7);
    expect([grey.width, grey.height]).to.deep.equal([2 * 7 + 2 * GAP, 3 * 7 + 2 * GAP]);
    const [least, most] = [Math.min(...values.subarray(0, 6)), Math.max(...values.subarray(0, 6))];
    for (let y = 0; y < 21; y++)
      for (let x = 0; x < 14; x++) {
        const shade = Math.round(
          ((values[Math.floor(y / 7) * 2 + Math.floor(x / 7)] - least) / (most - least)) * 255,
        );
        const at = ((GAP + y) * grey.width + GAP + x) * 3;
        expect([...grey.data.subarray(at, at + 3)]).to.deep.equal([shade, shade, shade]);
      }
  });

  it("writes the picture of a weight file as PNG", async () => {
    await withFolder(async (cwd) => {
      const network = defineNetwork({
        name: "towers",
        input: [3, 9, 9],
        layers: [
          { type: "convolution", name: "conv1", outChannels: KERNELS, kernel: [HEIGHT, WIDTH] },
          { type: "convolution", name: "conv2", outChannels: 2, kernel: 1, groups: 2 },
        ],
      });
      const weights = {
        ...seededWeights(network),
        preprocessing: { ...SMALL_PREPROCESSING, channels: "BGR" as const },
      };
      await saveWeights(`${cwd}/w.safetensors`, weights);
      const { code, stdout, stderr } = await alexnet(
        "filters --weights w.safetensors --out f.png".split(" "),
        { cwd },
      );
      expect([code, stdout, stderr]).to.deep.equal([0, "", ""]);
      const kernels = new Float32Array(values.length);
      await weights.stream((read) => read("conv1.weight", 0, kernels));
      const expected = drawKernels({ values: kernels, shape: [KERNELS, 3, HEIGHT, WIDTH] }, 2, true);
      const { data, info } = await sharp(`${cwd}/f.png`).raw().toBuffer({ resolveWithObject: true });
      expect([info.format, info.width, info.height, info.channels]).to.deep.equal([
        "raw",
        expected.width,
        expected.height,
        3,
      ]);
      expect(Buffer.compare(data, expected.data)).to.equal(0);
    });
  });
});
