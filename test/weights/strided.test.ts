import { expect } from "chai";
import fc from "fast-check";
import { gather, isRowMajor, rowMajor, spanOf } from "../../lib/weights/strided.js";
import { countOf } from "./helpers/files.js";

/** Element `flat` of the row-major order, by the definition of strides. */
function place(shape: readonly number[], strides: readonly number[], flat: number): number {
  let rest = flat;
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (rest % shape[axis]) * strides[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

describe("strides", () => {
  it("knows row-major order, and does not mind the stride of an axis of one", () => {
    expect(rowMajor([2, 3, 4])).to.deep.equal([12, 4, 1]);
    expect(isRowMajor([2, 3], [3, 1])).to.be.true;
    expect(isRowMajor([1, 3], [77, 1])).to.be.true;
    expect(isRowMajor([2, 3], [1, 2])).to.be.false;
    expect(isRowMajor([2, 3], [4, 1])).to.be.false;
    expect(isRowMajor([0, 3], [9, 9])).to.be.true;
    expect(isRowMajor([], [])).to.be.true;
  });

  it("spans from the first element to behind the last", () => {
    expect(spanOf([2, 3], [1, 2])).to.equal(6);
    expect(spanOf([2, 3], [10, 1])).to.equal(13);
    expect(spanOf([], [])).to.equal(1);
    expect(spanOf([0, 3], [3, 1])).to.equal(0);
  });

  it("gathers any range of any strides as the definition has it (300 random tensors)", () => {
    const axes = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 5 }), stride: fc.integer({ min: -9, max: 9 }) }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(axes, fc.nat(), fc.nat(), (picked, from, length) => {
        const shape = picked.map(({ size }) => size);
        const strides = picked.map(({ stride }) => stride);
        const count = countOf(shape);
        const start = from % count;
        const out = new Float32Array(length % (count - start + 1));
        const offset = 200; // 4 axes of 5 by 9 reach at most 144 to either side
        const data = Float64Array.from({ length: 400 }, (_, index) => index);
        gather(data, offset, shape, strides, start, out);
        out.forEach((value, index) => {
          expect(value).to.equal(offset + place(shape, strides, start + index));
        });
      }),
      { numRuns: 300 },
    );
  });

  it("gathers rows without gaps, and parts of them", () => {
    const data = Float32Array.from({ length: 1000 }, (_, index) => index);
    const part = (shape: number[], strides: number[], start: number, length: number) => {
      const out = new Float32Array(length);
      gather(data, 10, shape, strides, start, out);
      out.forEach((value, index) => {
        expect(value).to.equal(10 + place(shape, strides, start + index));
      });
    };
    for (const [start, length] of [
      [0, 350],
      [30, 5],
      [69, 2],
      [69, 72],
      [140, 210],
      [350, 0],
    ]) {
      part([5, 70], [77, 1], start, length);
      part([5, 7, 10], [150, 10, 1], start, length);
    }
  });
});
