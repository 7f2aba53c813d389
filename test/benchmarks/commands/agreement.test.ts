import { expect } from "chai";
import { agreementOf } from "../../../benchmarks/commands/agreement.js";

const row = (path: string, ...indices: number[]): string =>
  `${JSON.stringify({ path, top: indices.map((index) => ({ index })) })}\n`;

describe("benchmarks: agreement", () => {
  it("counts the photographs whose first class is the same, in whatever order they come", () => {
    const ours = row("a", 1, 2) + row("b", 3, 4) + row("c", 0, 1);
    const theirs = row("c", 0, 9) + row("a", 2, 1) + row("b", 3, 5);
    expect(agreementOf(ours, theirs)).to.deep.equal({ photographs: 3, sameFirst: 2 });
  });

  it("refuses rows of other photographs", () => {
    expect(() => agreementOf(row("a", 1), row("b", 1))).to.throw("1 photographs beside 1; a is in one alone");
    expect(() => agreementOf(row("a", 1), row("a", 1) + row("b", 1))).to.throw("1 photographs beside 2");
  });

  it("refuses a row without classes", () => {
    const failed = `${JSON.stringify({ path: "a", error: { code: "IMAGE_MISSING" } })}\n`;
    expect(() => agreementOf(failed, failed)).to.throw("no classes");
  });
});
