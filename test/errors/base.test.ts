import { expect } from "chai";
import ndarray from "ndarray";
import { show } from "../../lib/errors/base.js";

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const noClass = (value: object): object => Object.assign(Object.create(null) as object, value);

const SHOWN: readonly [value: unknown, text: string][] = [
  [undefined, "nothing"],
  [null, "null"],
  [NaN, "NaN"],
  [7n, "7"],
  [Symbol("s"), "Symbol(s)"],
  [() => 1, "a function"],
  ['say "x"', '"say \\"x\\""'],
  [[1, [2]], "[1,[2]]"],
  [{ a: 1 }, '{"a":1}'],
  [new Float32Array(3), "a Float32Array of 12 bytes"],
  [Buffer.alloc(5), "a Buffer of 5 bytes"],
  [new DataView(new ArrayBuffer(8), 2), "a DataView of 6 bytes"],
  [
    ndarray(new Float32Array(4), [2, 2]),
    '{"data":"a Float32Array of 16 bytes","shape":[2,2],"stride":[2,1],"offset":0}',
  ],
  [cycle, "a value of class Object"],
  [new Map([[1, 2]]), "{}"],
  [noClass({ a: 1 }), '{"a":1}'],
  [noClass({ a: 1n }), "an object of no class"],
  [noClass({ a: 1n, constructor: null }), "an object of no class"],
  ["x".repeat(78), `"${"x".repeat(78)}"`],
  ["x".repeat(79), `"${"x".repeat(76)}...`],
  ["x".repeat(1000), `"${"x".repeat(76)}...`],
  [Array<number>(40).fill(1), `[${"1,".repeat(38)}...`],
  [Array<number>(41).fill(1), `[${"1,".repeat(38)}...`],
];

describe("values in messages", () => {
  for (const [value, text] of SHOWN)
    it(`are short and on one line: ${text}`, () => {
      expect(show(value)).to.equal(text);
    });

  it("are cut before they are written out", () => {
    let read = 0;
    const item = { toJSON: () => read++ };
    const list = Array<typeof item>(100_000).fill(item);
    expect(show({ list }).length).to.equal(80);
    expect(read).to.be.at.most(80);
  });
});
