import { expect } from "chai";
import { AlexNetError } from "../../lib/errors/base.js";
import { cropsOf, prepareDecoded, writeCrop, type Crop, type CropLayout } from "../../lib/images/index.js";
import { PREPROCESSING, type Preprocessing } from "../../lib/network/preprocessing.js";
import { Random, testSeed } from "../random.js";
import { readRaw } from "./golden.js";

const seed = testSeed();
const { torchvision, caffenet } = PREPROCESSING;
const caffe227 = () => prepareDecoded(readRaw("noise-97x61"), caffenet, [3, 227, 227]);

/** Corners as "row,column", with "m" where mirrored. */
const name = ({ row, column, mirrored }: Crop) => `${row},${column}${mirrored ? "m" : ""}`;

describe("cropsOf", () => {
  for (const [size, far, centre, recipe] of [
    [227, 29, 14, caffenet],
    [224, 32, 16, torchvision],
    [224, 32, 16, PREPROCESSING.alexnet2012],
  ] as const)
    it(`${size} in 256 (${recipe.resize}, ${recipe.centre}): corners 0 and ${far}, centre ${centre}`, () => {
      const prepared = prepareDecoded({ ...readRaw("noise-64x48") }, recipe, [3, size, size]);
      // 64 x 48 becomes 341 x 256; torchvision's 58.5 and 42.5 both go to the even number: 58 - 42
      const five = [`0,0`, `0,${far}`, `${far},0`, `${far},${far}`, `${centre},${centre}`];
      expect(cropsOf(prepared, 1).map(name)).to.deep.equal([`${centre},${centre}`]);
      expect(cropsOf(prepared, 10).map(name)).to.deep.equal([...five, ...five.map((corner) => `${corner}m`)]);
    });
});

describe("writeCrop", () => {
  it(`writes what the formula says, with any strides, and nothing between (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 40; round++) {
      const at = `seed ${seed}, round ${round}`;
      const recipe: Preprocessing = {
        ...torchvision,
        channels: random.chance(0.5) ? "RGB" : "BGR",
        scale: random.chance(0.5) ? 1 : 1 / 255,
        mean: [random.next() * 100, random.next(), -random.next()],
        std: [random.next() + 0.1, random.next() + 1, 1],
        size: random.integer(12, 15),
      };
      const height = random.integer(1, 12);
      const width = random.integer(1, 12);
      const prepared = prepareDecoded(readRaw("noise-64x48"), recipe, [3, height, width]);
      const crop = {
        row: random.integer(0, recipe.size - height),
        column: random.integer(0, recipe.size - width),
        mirrored: random.chance(0.5),
      };
      const layout = randomLayout(random, height, width);
      const length = layout.offset + 3 * layout.channel * layout.row * layout.column + 400;
      const target = new Float32Array(new SharedArrayBuffer(length * 4)).fill(-777);
      const wanted = new Float32Array(length).fill(-777);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const column = crop.column + (crop.mirrored ? width - 1 - x : x);
            const source = recipe.channels === "RGB" ? c : 2 - c;
            const pixel = prepared.data[((crop.row + y) * prepared.width + column) * 3 + source];
            wanted[layout.offset + c * layout.channel + y * layout.row + x * layout.column] =
              (pixel * recipe.scale - (recipe.mean[c] ?? NaN)) / (recipe.std[c] ?? NaN);
          }
      writeCrop(prepared, crop, recipe, target, layout);
      const wrong = wanted.findIndex((value, i) => target[i] !== value);
      expect(wrong, `${at}: first element that differs`).to.equal(-1);
    }
  });

  it(`subtracts a mean image under the crop, before mirroring (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const size = 9;
    const prepared = prepareDecoded(readRaw("noise-64x48"), { ...caffenet, size }, [3, 4, 6]);
    const layout = { offset: 0, channel: 24, row: 6, column: 1 };
    for (const channels of ["RGB", "BGR"] as const)
      for (const mirrored of [false, true]) {
        const meanImage = Float32Array.from({ length: 3 * size * size }, () => random.next() * 255);
        const recipe: Preprocessing = { ...caffenet, channels, size, scale: 0.5, std: [1, 2, 4], meanImage };
        const crop = { row: random.integer(0, 5), column: random.integer(0, 3), mirrored };
        const target = new Float32Array(72);
        writeCrop(prepared, crop, recipe, target, layout);
        const wanted = Float32Array.from(target, (_, at) => {
          const [c, y, x] = [Math.floor(at / 24), Math.floor(at / 6) % 4, at % 6];
          const [row, column] = [crop.row + y, crop.column + (mirrored ? 5 - x : x)];
          const pixel = prepared.data[(row * size + column) * 3 + (channels === "RGB" ? c : 2 - c)];
          return (pixel * 0.5 - meanImage[(c * size + row) * size + column]) / (recipe.std[c] ?? NaN);
        });
        expect(target).to.deep.equal(wanted);
      }
  });

  it("adds a shift of each channel to values that are rounded", () => {
    const prepared = prepareDecoded(readRaw("noise-64x48"), { ...caffenet, size: 9 }, [3, 4, 6]);
    const layout = { offset: 0, channel: 24, row: 6, column: 1 };
    const crop = { row: 2, column: 1, mirrored: true };
    const shift = Float64Array.of(0.1, -3.7, 1e-9);
    for (const meanImage of [undefined, new Float32Array(243).fill(101.3)]) {
      const recipe = { ...caffenet, size: 9, ...(meanImage && { meanImage }) };
      const [plain, shifted] = [new Float32Array(72), new Float32Array(72)];
      writeCrop(prepared, crop, recipe, plain, layout);
      writeCrop(prepared, crop, recipe, shifted, layout, shift);
      expect(shifted).to.deep.equal(plain.map((value, at) => value + shift[Math.floor(at / 24)]));
      writeCrop(prepared, crop, recipe, shifted, layout);
      expect(shifted, "and to none after it").to.deep.equal(plain);
    }
  });

  it("gives with a mean image of one colour what the colour gives", () => {
    const plane = 227 * 227;
    const layout = { offset: 0, channel: plane, row: 227, column: 1 };
    const [image, colour] = [new Float32Array(3 * plane), new Float32Array(3 * plane)];
    const mean = [104.5, 116.25, 122.75] as const; // float32 has them exactly
    const meanImage = Float32Array.from(
      { length: 3 * 65_536 },
      (_, at) => mean[Math.floor(at / 65_536)] ?? NaN,
    );
    const crop = { row: 3, column: 5, mirrored: true };
    writeCrop(caffe227(), crop, { ...caffenet, mean, meanImage }, image, layout);
    writeCrop(caffe227(), crop, { ...caffenet, mean }, colour, layout);
    expect(image).to.deep.equal(colour);
  });

  it("refuses a mean image of another size", () => {
    const recipe = { ...caffenet, meanImage: new Float32Array(3 * 255 * 256) };
    const layout = { offset: 0, channel: 227 * 227, row: 227, column: 1 };
    const write = () => {
      writeCrop(
        caffe227(),
        { row: 0, column: 0, mirrored: false },
        recipe,
        new Float32Array(3 * 227 * 227),
        layout,
      );
    };
    expect(write)
      .to.throw(
        AlexNetError,
        "preprocessing: meanImage has 195840 elements; it must have 3 x 256 x 256, as the prepared image has; give the" +
          " mean that belongs to this size",
      )
      .with.property("code", "INPUT_INVALID");
  });

  it("a negative column stride writes a crop as its mirror image", () => {
    const prepared = prepareDecoded(readRaw("noise-64x48"), { ...torchvision, size: 12 }, [3, 5, 7]);
    const crop = { row: 1, column: 2, mirrored: false };
    const [forward, backward] = [new Float32Array(105), new Float32Array(105)];
    const layout = { offset: 0, channel: 35, row: 7, column: 1 };
    writeCrop(prepared, { ...crop, mirrored: true }, torchvision, forward, layout);
    writeCrop(prepared, crop, torchvision, backward, { ...layout, offset: 6, column: -1 });
    expect(backward).to.deep.equal(forward);
  });

  const plane = 227 * 227;
  const layout: CropLayout = { offset: 0, channel: plane, row: 227, column: 1 };
  for (const [row, column] of [
    [30, 0],
    [0, 30],
    [-1, 0],
    [0, 0.5],
  ] as const)
    it(`refuses a corner outside the image: row ${row}, column ${column}`, () => {
      const text =
        `crop: the corner is row ${row}, column ${column}; row must be an integer 0..29 and column 0..29;` +
        " choose a corner inside the prepared image";
      const write = () => {
        const crop = { row, column, mirrored: false };
        writeCrop(caffe227(), crop, caffenet, new Float32Array(3 * plane), layout);
      };
      expect(write).to.throw(AlexNetError, text).with.property("code", "INPUT_INVALID");
    });

  for (const [title, changed, first, last] of [
    ["past the end", { offset: 1 }, 1, 3 * plane],
    ["before the start", { offset: plane, column: -1 }, plane - 226, 4 * plane - 227],
    ["with a stride that is not a number", { row: NaN }, NaN, NaN],
  ] as const)
    it(`refuses a layout that writes ${title}, before it writes anything`, () => {
      const target = new Float32Array(3 * plane).fill(5);
      const write = () => {
        const crop = { row: 0, column: 0, mirrored: false };
        writeCrop(caffe227(), crop, caffenet, target, { ...layout, ...changed });
      };
      expect(write).to.throw(
        AlexNetError,
        `target: the layout writes elements ${first}..${last}; the array has elements 0..${3 * plane - 1};` +
          " check the layout's offset and strides",
      );
      expect(target.every((value) => value === 5)).to.equal(true);
    });
});

/** Strides that never let two values meet: the innermost axis by chance, each next beyond the one before. */
function randomLayout(random: Random, height: number, width: number): CropLayout {
  const sizes = { channel: 3, row: height, column: width };
  const order = (["channel", "row", "column"] as const)
    .map((axis) => ({ axis, place: random.next() }))
    .sort((a, b) => a.place - b.place);
  const strides = { channel: 0, row: 0, column: 0 };
  let next = random.integer(1, 3);
  for (const { axis } of order) {
    strides[axis] = next;
    next = next * sizes[axis] + random.integer(0, 4);
  }
  return { offset: random.integer(0, 8), ...strides };
}
