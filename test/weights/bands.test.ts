import { expect } from "chai";
import fc from "fast-check";
import { Bands } from "../../lib/weights/bands.js";
import { gather, spanOf } from "../../lib/weights/strided.js";
import { countOf } from "./helpers/files.js";

interface Tensor {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Axes in any order in memory, with gaps between some of them. */
const tensors = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 5 }), gap: fc.nat({ max: 2 }), order: fc.nat() }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((picked): Tensor => {
    const strides = picked.map(() => 1);
    let step = 1;
    for (const { axis, size, gap } of picked
      .map((one, axis) => ({ ...one, axis }))
      .sort((a, b) => a.order - b.order)) {
      strides[axis] = step;
      step *= size + gap;
    }
    return { shape: picked.map(({ size }) => size), strides };
  });

const valuesOf = (seed: number, { shape, strides }: Tensor): Float32Array =>
  Float32Array.from({ length: spanOf(shape, strides) }, (_, index) => index + seed);

const sourceOf = (tensor: Tensor, data: Float32Array, reads: number[] = []) => ({
  ...tensor,
  read: async (from: number, out: Float32Array) => {
    reads.push(out.length);
    expect(from + out.length).to.be.at.most(data.length);
    // later reads are faster now and then
    for (let turns = (from * 7 + reads.length * 5) % 4; turns >= 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
    out.set(data.subarray(from, from + out.length));
  },
});

describe("bands", () => {
  it("give any range of any tensor, read at the same time as others and in any order (300 random tensors)", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(tensors, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 6 }),
        async (picked, most, ranges) => {
          const bands = new Bands(most);
          const data = picked.map((tensor, index) => valuesOf(1000 * index, tensor));
          const sources = picked.map((tensor, index) => sourceOf(tensor, data[index]));
          const reads = ranges.map(async ([which, from, length]) => {
            const index = which % picked.length;
            const { shape, strides } = picked[index];
            const start = from % countOf(shape);
            const out = new Float32Array(length % (countOf(shape) - start + 1));
            await bands.fill(data[index], sources[index], start, out);
            const wanted = new Float32Array(out.length);
            gather(data[index], 0, shape, strides, start, wanted);
            expect(out).to.deep.equal(wanted);
          });
          await Promise.all(reads);
        },
      ),
      { numRuns: 300 },
    ));

  const large: readonly [what: string, tensor: Tensor, most: number][] = [
    [
      "rows of a map with its channels last",
      { shape: [37, 64, 3, 3], strides: [1, 37, 3 * 2368, 2368] },
      9000,
    ],
    ["rows with gaps between them", { shape: [21, 301], strides: [1, 29] }, 5000],
    ["long rows at even distances", { shape: [70, 256], strides: [1, 70] }, 1 << 20],
    [
      "rows that are longer than what is read at a time",
      { shape: [(1 << 18) + 5, 6], strides: [1, (1 << 18) + 7] },
      1 << 24,
    ],
  ];
  for (const [what, tensor, most] of large)
    it(`give ${what}, which neighbours in the file are of`, async () => {
      const data = valuesOf(0, tensor);
      const bands = new Bands(most);
      const { shape, strides } = tensor;
      const length = countOf(shape);
      const wanted = new Float32Array(length);
      gather(data, 0, shape, strides, 0, wanted);
      const out = new Float32Array(length);
      const source = sourceOf(tensor, data);
      for (let start = 0; start < length; start += 65521)
        await bands.fill(data, source, start, out.subarray(start, start + 65521));
      expect(Buffer.from(out.buffer).equals(Buffer.from(wanted.buffer))).to.be.true;
    });

  it("read of a band no more than what lies between its first element and its last one", async () => {
    // the first 16 of 1024 columns, in bands of 8: more than is read at a time
    const tensor = { shape: [16, 512], strides: [1, 1024] };
    const data = valuesOf(0, tensor);
    const reads: number[] = [];
    const bands = new Bands(8 * 512);
    await bands.fill(data, sourceOf(tensor, data, reads), 0, new Float32Array(8 * 512));
    expect(reads.reduce((sum, length) => sum + length, 0)).to.be.at.most(512 * 1024);
  });

  it("pass the file once for each band, and hold no more than one", async () => {
    // [1024, 4096] transposed, in bands of 256 rows
    const tensor = { shape: [1024, 4096], strides: [1, 1024] };
    const data = valuesOf(0, tensor);
    const reads: number[] = [];
    const source = sourceOf(tensor, data, reads);
    const bands = new Bands(1 << 20);
    const out = new Float32Array(64 * 4096);
    for (let start = 0; start < data.length; start += out.length) await bands.fill(data, source, start, out);
    expect([...out.subarray(0, 3)]).to.deep.equal([960, 1984, 3008]);
    const passes = reads.reduce((sum, length) => sum + length, 0) / data.length;
    expect(passes).to.be.within(3.9, 4.1);
  });

  it("go on with the next band where one could not be read", async () => {
    const tensor = { shape: [4, 4], strides: [1, 4] };
    const data = valuesOf(0, tensor);
    const bands = new Bands(4);
    const broken = { ...tensor, read: () => Promise.reject(new Error("EIO")) };
    const failed = bands.fill(broken, broken, 0, new Float32Array(4));
    const out = new Float32Array(4);
    const fine = bands.fill(data, sourceOf(tensor, data), 4, out);
    const [first, second] = await Promise.allSettled([failed, fine]);
    expect([first.status, second.status]).to.deep.equal(["rejected", "fulfilled"]);
    expect([...out]).to.deep.equal([1, 5, 9, 13]);
  });
});
