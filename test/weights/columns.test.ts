/** Tensors that lie column by column, read so. */
import { expect } from "chai";
import fc from "fast-check";
import { checkedColumns, columnOrder } from "../../lib/weights/columns.js";
import { gather } from "../../lib/weights/strided.js";
import { countOf } from "./helpers/files.js";

interface Tensor {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Rows run fastest, the axes of the columns in any order. */
const inColumns = fc
  .tuple(
    fc.integer({ min: 2, max: 5 }),
    fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), order: fc.nat() }), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([rows, inner]): Tensor => {
    const strides = [1, ...inner.map(() => 0)];
    let step = rows;
    for (const { axis, size } of inner
      .map((one, axis) => ({ ...one, axis: axis + 1 }))
      .sort((a, b) => a.order - b.order)) {
      strides[axis] = step;
      step *= size;
    }
    return { shape: [rows, ...inner.map(({ size }) => size)], strides };
  });

describe("tensors that lie column by column", () => {
  it("have the columns of their rows (1000 random tensors)", () => {
    fc.assert(
      fc.property(inColumns, ({ shape, strides }) => {
        const data = Float32Array.from({ length: countOf(shape) }, (_, index) => index);
        const rows = new Float32Array(data.length);
        gather(data, 0, shape, strides, 0, rows);
        const order = columnOrder(shape, strides);
        const width = data.length / shape[0];
        expect(order).to.have.length(width);
        for (const [at, column] of order?.entries() ?? [])
          for (let row = 0; row < shape[0]; row++)
            expect(rows[row * width + column]).to.equal(data[at * shape[0] + row]);
      }),
      { numRuns: 1000 },
    );
  });

  const others: readonly [what: string, shape: readonly number[], strides: readonly number[]][] = [
    ["one row", [1, 3], [1, 1]],
    ["no columns", [3], [1]],
    ["rows one behind the other", [2, 3], [3, 1]],
    ["gaps between columns", [2, 3], [1, 3]],
    ["gaps between columns of columns", [2, 3, 2], [1, 2, 7]],
    ["rows at a distance", [2, 3], [2, 4]],
    ["columns that lie on each other", [2, 3, 2], [1, 2, 2]],
  ];
  for (const [what, shape, strides] of others)
    it(`are not those with ${what}`, () => {
      expect(columnOrder(shape, strides)).to.equal(undefined);
    });
});

describe("reading columns", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, NaN, 9, 10, 11, 12);
  const tensors = new Map([
    ["w", { name: "w", shape: [2, 6], dtype: "F32" as const, order: Int32Array.of(0, 3, 1, 4, 2, 5) }],
    ["rows", { name: "rows", shape: [2, 6], dtype: "F32" as const, order: undefined }],
  ]);
  const columns = checkedColumns(
    "f",
    tensors,
    ({ order }) => order,
    (_, start, out) => {
      out.set(data.subarray(start, start + out.length));
      return Promise.resolve();
    },
  );
  const failure = (name: string, first: number, out: Float32Array) =>
    columns.read(name, first, out).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("gives them in the source's order, and what that is", async () => {
    const out = new Float32Array(4);
    await columns.read("w", 1, out);
    expect([...out]).to.deep.equal([3, 4, 5, 6]);
    expect(columns.order("w")).to.deep.equal(Int32Array.of(0, 3, 1, 4, 2, 5));
    expect(columns.order("rows")).to.equal(undefined);
    expect(columns.order("none")).to.equal(undefined);
  });

  it("tells a value that is not finite by its place in the rows", async () => {
    expect(await failure("w", 2, new Float32Array(6)))
      .to.be.an("error")
      .with.property("message")
      .that.includes('tensor "w": element 10 is NaN');
  });

  it("refuses a tensor without such an order, one that is not there, and columns behind the last", async () => {
    const messages = [
      await failure("rows", 0, new Float32Array(2)),
      await failure("none", 0, new Float32Array(2)),
      await failure("w", 5, new Float32Array(4)),
    ].map((error) => (error instanceof Error ? error.message : error));
    expect(messages).to.deep.equal([
      'f: tensor "rows": columns were asked for; it does not lie column by column; read its rows',
      'f: tensor "none" was asked for; it is not there; ask for a name in tensors',
      'f: tensor "w": elements 10 to 14 were asked for; it has 12; ask for a range inside',
    ]);
  });
});
