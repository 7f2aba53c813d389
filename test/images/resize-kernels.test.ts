import { expect } from "chai";
import { resizeBilinear, type Pixels, type Region } from "../../lib/images/index.js";
import { Layout, withKernels } from "../../lib/images/resize-kernels.js";
import type { Preprocessing } from "../../lib/network/preprocessing.js";
import { Random, testSeed } from "../random.js";
import { resizeOpencv } from "./reference/opencv.js";
import { resizePil } from "./reference/pil.js";
import { expectPixels, readJson, readRaw, type Expected } from "./golden.js";

const REFERENCES = { pil: resizePil, opencv: resizeOpencv };
const seed = testSeed();

/** Noise with runs of black and white, at which sums are the largest and the smallest. */
function randomImage(random: Random, width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  let extreme = 0;
  for (let at = 0; at < data.length; at++) {
    if (at % 24 === 0) extreme = random.integer(-3, 1);
    data[at] = extreme < 0 ? random.integer(0, 255) : extreme * 255;
  }
  return { width, height, data };
}

/** Many of one pixel, where both neighbours are the same. */
const randomSide = (random: Random, most: number) => (random.chance(0.1) ? 1 : random.integer(1, most));

function randomRegion(random: Random, width: number, height: number): Region {
  const left = random.integer(0, width - 1);
  const top = random.integer(0, height - 1);
  return { left, top, width: random.integer(1, width - left), height: random.integer(1, height - top) };
}

function expectSame(
  filter: Preprocessing["filter"],
  image: Pixels,
  [width, height]: readonly [number, number],
  region: Region,
  at: string,
): void {
  const wanted = REFERENCES[filter](image, width, height, region);
  const got = resizeBilinear(filter, image, width, height, region);
  const { left, top } = region;
  const what = `${at}: ${image.width} x ${image.height} to ${width} x ${height} from ${left}, ${top}`;
  expect([got.width, got.height, got.data.length], what).to.deep.equal([
    wanted.width,
    wanted.height,
    wanted.data.length,
  ]);
  const wrong = wanted.data.findIndex((value, index) => got.data[index] !== value);
  expect(wrong, `${what}, first byte that differs`).to.equal(-1);
}

for (const filter of ["pil", "opencv"] as const)
  describe(`the kernels of "${filter}" give the bytes of the scalar reference (TEST_SEED=${seed})`, () => {
    it("for random sizes and regions, shrunk and enlarged", () => {
      const random = new Random(seed);
      for (let round = 0; round < 600; round++) {
        const image = randomImage(random, randomSide(random, 70), randomSide(random, 70));
        const size = [randomSide(random, 90), randomSide(random, 90)] as const;
        expectSame(filter, image, size, randomRegion(random, ...size), `seed ${seed}, round ${round}`);
      }
    });

    // 500 x 1100 comes in more than one band; of the long ones a band holds two rows.
    for (const [width, height, columns, rows] of [
      [500, 1100, 90, 71],
      [500, 1100, 40, 1000],
      [500, 1100, 33, 1700],
      [43_000, 9, 64, 40],
      [65_535, 5, 37, 3],
      [3, 65_535, 2, 300],
      [65_535, 1, 20, 4],
      [1, 900, 7, 7],
    ] as const)
      it(`for ${width} x ${height} to ${columns} x ${rows}`, () => {
        const random = new Random(seed);
        const image = randomImage(random, width, height);
        const size = [columns, rows] as const;
        const at = `seed ${seed}`;
        expectSame(filter, image, size, { left: 0, top: 0, width: columns, height: rows }, at);
        expectSame(filter, image, size, randomRegion(random, ...size), at);
      });

    it("for a photograph's size, a hundred times: V8 has optimised them by then", () => {
      const random = new Random(seed);
      const image = randomImage(random, 500, 375);
      const region = { left: 42, top: 0, width: 256, height: 256 };
      const wanted = Buffer.from(REFERENCES[filter](image, 341, 256, region).data);
      for (let round = 0; round < 100; round++) {
        const got = resizeBilinear(filter, image, 341, 256, region).data;
        expect(wanted.equals(got), `seed ${seed}, round ${round}`).to.equal(true);
      }
    });
  });

describe("the scalar references", () => {
  interface Case extends Expected {
    readonly source: string;
    readonly filter: Preprocessing["filter"];
  }
  for (const filter of ["pil", "opencv"] as const)
    it(`"${filter}" is the library that it stands for, on every golden file`, () => {
      const cases = (readJson("resize.json") as Case[]).filter((wanted) => wanted.filter === filter);
      expect(cases.length).to.be.greaterThan(20);
      for (const wanted of cases) {
        const { source, width, height } = wanted;
        expectPixels(
          REFERENCES[filter](readRaw(source), width, height, { left: 0, top: 0, width, height }),
          wanted,
        );
      }
    });
});

describe("the memory of the resize kernels", () => {
  const megabytes = (count: number) => {
    const layout = new Layout();
    layout.take(count * 2 ** 20);
    return layout;
  };
  const sizeWith = (layout: Layout) => withKernels(layout, (_, memory) => memory.length);

  it("grows, is kept for the next image, and is let go after a large one", () => {
    const small = sizeWith(megabytes(2));
    expect(small).to.be.within(2 * 2 ** 20, 8 * 2 ** 20);
    expect(sizeWith(new Layout())).to.equal(small);
    expect(sizeWith(megabytes(20))).to.be.greaterThan(20 * 2 ** 20);
    expect(sizeWith(new Layout())).to.be.lessThan(2 ** 20);
  });

  it("is let go too when a large image fails", () => {
    const fail = () =>
      withKernels(megabytes(20), () => {
        throw new Error("an image that fails");
      });
    expect(fail).to.throw("an image that fails");
    expect(sizeWith(new Layout())).to.be.lessThan(2 ** 20);
  });

  it("is refused beyond what WebAssembly can address", () => {
    expect(() => sizeWith(megabytes(5000))).to.throw(RangeError);
    expect(sizeWith(new Layout())).to.be.greaterThan(0);
  });

  it("places do not meet, whatever the kernels write behind their end, and begin at a vector", () => {
    const layout = new Layout();
    const places = [1, 16, 100, 3].map((bytes) => ({ at: layout.take(bytes), bytes }));
    const ends = places.map(({ at, bytes }) => at + bytes + 32);
    expect(
      places.every(({ at }, index) => at % 16 === 0 && at >= (index > 0 ? ends[index - 1] : 0)),
    ).to.equal(true);
    expect(layout.bytes).to.be.at.least(ends[ends.length - 1]);
  });
});
