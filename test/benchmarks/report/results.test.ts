import { expect } from "chai";
import { resultFrom } from "../../../benchmarks/report/results.js";
import { sectionText } from "../../../benchmarks/report/text.js";
import { result, section } from "./helpers.js";

const changed = (change: (copy: Record<string, unknown>) => void): string => {
  const copy = JSON.parse(JSON.stringify(result())) as Record<string, unknown>;
  change(copy);
  return JSON.stringify(copy);
};

describe("benchmarks: results", () => {
  it("reads back what it writes", () => {
    expect(resultFrom(JSON.stringify(result()))).to.deep.equal(result());
  });

  it("refuses what is no result, and says what is wrong", () => {
    expect(() => resultFrom("[]")).to.throw(TypeError, "the file must be an object");
    expect(() => resultFrom("{")).to.throw(SyntaxError);
    expect(() => resultFrom(changed((copy) => (copy.suite = 1)))).to.throw("suite must be a string");
    expect(() => resultFrom(changed((copy) => (copy.surroundings = null)))).to.throw("surroundings must be");
    expect(() => resultFrom(changed((copy) => (copy.sections = {})))).to.throw("sections must be a list");
    expect(() =>
      resultFrom(changed((copy) => (copy.sections = [{ ...section(), chart: undefined }]))),
    ).to.throw("chart must be an object");
  });

  it("a table has numbers to the right and nothing where a row has no value", () => {
    const { surroundings } = result();
    const shown = section({
      columns: { what: "what", ms: "ms" },
      rows: [{ what: "a", ms: 5 }, { what: "bcd" }],
    });
    expect(sectionText(shown, surroundings)).to.equal(
      "\npeers, small\nA processor, 2 cores, Node 20.20.2, kernel set wide, 2 threads, 2026-01-02\n" +
        "what    ms\na     5.00\nbcd\n",
    );
  });
});
