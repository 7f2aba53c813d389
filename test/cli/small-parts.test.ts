import { expect } from "chai";
import { count, left, measured, megabytes, rangeText, right, shapeText, table } from "../../lib/cli/table.js";
import { v8FlagsFor } from "../../lib/cli/v8-flags.js";

describe("tables of the command line", () => {
  it("are as wide as their widest cells, counted in characters", () => {
    const text = table(
      [left("name"), right("n"), left("note")],
      [
        ["a", "1", ""],
        ["wörter😀", "12345", "x"],
      ],
    );
    expect(text).to.equal("name         n  note\na            1\nwörter😀  12345  x\n");
  });

  it("write numbers, sizes and shapes for people", () => {
    expect(count(60_965_224)).to.equal("60,965,224");
    expect(megabytes(243_860_896)).to.equal("243.9 MB");
    expect([0.034, 7.256, 123.44, 45_678.9].map(measured)).to.deep.equal(["0.03", "7.26", "123.4", "45679"]);
    expect(shapeText([96, 55, 54])).to.equal("55x54x96");
    expect(shapeText([96, 55, 54], 2)).to.equal("55x54x(2x48)");
    expect([shapeText([4096]), shapeText([4096], 2)]).to.deep.equal(["4096", "2x2048"]);
    expect([rangeText([0, 48]), rangeText([7, 8])]).to.deep.equal(["0-47", "7"]);
  });
});

describe("V8's flags", () => {
  it("depend on Node's version and the processor", () => {
    expect(v8FlagsFor("20.9.0", "x64")).to.deep.equal(["--experimental-wasm-relaxed-simd"]);
    expect(v8FlagsFor("21.7.3", "arm64")).to.deep.equal(["--experimental-wasm-relaxed-simd"]);
    expect(v8FlagsFor("22.0.0", "x64")).to.deep.equal([]);
    expect(v8FlagsFor("23.11.0", "x64")).to.deep.equal([]);
    expect(v8FlagsFor("24.0.0", "x64")).to.deep.equal(["--experimental-wasm-revectorize"]);
    expect(v8FlagsFor("26.10.0", "x64")).to.deep.equal(["--experimental-wasm-revectorize"]);
    expect(v8FlagsFor("26.10.0", "arm64")).to.deep.equal([]);
  });
});
