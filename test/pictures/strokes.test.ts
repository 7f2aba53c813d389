import { expect } from "chai";
import { strokesPath, strokesWidth } from "../../lib/pictures/strokes.js";

const HEIGHT = 12;
/** From space to tilde. */
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

const pointsOf = (path: string): number[][] =>
  path
    .split(/[ML]/)
    .filter((point) => point !== "")
    .map((point) => point.split(" ").map(Number));

describe("text as strokes", () => {
  it("has a form of its own for every printable character, and one for all others", () => {
    const other = strokesPath("é", 0, 0, HEIGHT);
    const paths = PRINTABLE.map((character) => strokesPath(character, 0, 0, HEIGHT));
    expect(new Set(paths).size, "forms").to.equal(paths.length - TWINS.length);
    expect(paths).to.not.include(other);
    for (const character of ["日", "😀"]) expect(strokesPath(character, 0, 0, HEIGHT)).to.equal(other);
  });
  /** Letters that look alike: 0 and O, I and l. */
  const TWINS = ["O", "l"];

  it("stays between the top of a capital and a descender, and within its width", () => {
    for (const character of PRINTABLE) {
      const width = strokesWidth(character, HEIGHT);
      for (const [x, y] of pointsOf(strokesPath(character, 100, 50, HEIGHT))) {
        expect(x, character).to.be.within(100, 100 + width);
        expect(y, character).to.be.within(50 - HEIGHT, 50 + HEIGHT / 3);
      }
    }
  });

  it("stands side by side, without touching", () => {
    for (const left of PRINTABLE) {
      const pair = `${left}x`;
      const alone = strokesWidth(left, HEIGHT);
      const second = pointsOf(strokesPath(pair, 0, 0, HEIGHT)).slice(
        pointsOf(strokesPath(left, 0, 0, HEIGHT)).length,
      );
      expect(Math.min(...second.map(([x]) => x)), pair).to.be.above(alone + HEIGHT / 6);
      expect(strokesWidth(pair, HEIGHT)).to.be.above(alone + strokesWidth("x", HEIGHT));
    }
    expect(strokesWidth("", HEIGHT)).to.equal(0);
    expect(strokesPath("", 0, 0, HEIGHT)).to.equal("");
  });

  it("grows with its height", () => {
    expect(strokesWidth("loss 0.5", 2 * HEIGHT)).to.be.closeTo(2 * strokesWidth("loss 0.5", HEIGHT), 1e-9);
  });
});
