import { expect } from "chai";
import { resizeBilinear, type Pixels } from "../../lib/images/index.js";
import type { Preprocessing } from "../../lib/network/preprocessing.js";
import { expectPixels, readJson, readRaw, type Expected } from "./golden.js";

interface Case extends Expected {
  readonly source: string;
  readonly filter: Preprocessing["filter"];
}

const FILTERS = ["pil", "opencv"] as const;
const LIBRARIES = { pil: "Pillow 9.4", opencv: "OpenCV 4.6" };

/** Rows and columns of a region, cut out of a whole image. */
function cut(image: Pixels, left: number, top: number, width: number, height: number): number[] {
  const bytes: number[] = [];
  for (let row = top; row < top + height; row++) {
    const start = (row * image.width + left) * 3;
    bytes.push(...image.data.subarray(start, start + width * 3));
  }
  return bytes;
}

describe("resizeBilinear", () => {
  const cases = readJson("resize.json") as Case[];
  for (const wanted of cases)
    it(`${wanted.source} to ${wanted.width} x ${wanted.height}: the bytes of ${LIBRARIES[wanted.filter]}`, () => {
      const { filter, width, height } = wanted;
      expectPixels(resizeBilinear(filter, readRaw(wanted.source), width, height), wanted);
    });

  it("has cases for both filters, with the 2 : 1 ratio for which OpenCV takes means", () => {
    const halved = cases.filter(({ source, width, height }) => `${source}>${width}x${height}` === HALVED);
    expect(halved.map(({ filter }) => filter)).to.have.members([...FILTERS]);
  });

  for (const filter of FILTERS) {
    for (const [name, width, height] of [
      ["noise-97x61", 40, 24],
      ["edges-33x300", 50, 455],
      ["noise-64x48", 32, 24],
    ] as const)
      it(`${filter}: a region of ${name} at ${width} x ${height} has the bytes that the whole has there`, () => {
        const source = readRaw(name);
        const whole = resizeBilinear(filter, source, width, height);
        for (const [left, top, columns, rows] of [
          [0, 0, 1, 1],
          [width - 1, height - 1, 1, 1],
          [7, 5, 11, 13],
          [3, 0, width - 3, 2],
        ] as const) {
          const part = resizeBilinear(filter, source, width, height, {
            left,
            top,
            width: columns,
            height: rows,
          });
          expect([part.width, part.height]).to.deep.equal([columns, rows]);
          expect([...part.data]).to.deep.equal(cut(whole, left, top, columns, rows));
        }
      });

    it(`${filter}: white stays white however strong the shrink (rounded weights need not add up to one)`, () => {
      const white = { width: 65_535, height: 2, data: new Uint8Array(65_535 * 6).fill(255) };
      expect([...new Set(resizeBilinear(filter, white, 3, 1).data)]).to.deep.equal([255]);
    });

    it(`${filter}: the source is left as it was`, () => {
      const source = readRaw("noise-64x48");
      const before = source.data.slice();
      resizeBilinear(filter, source, 64, 48).data.fill(0);
      resizeBilinear(filter, source, 21, 16);
      expect(source.data).to.deep.equal(before);
    });
  }
});

const HALVED = "noise-64x48>32x24";
