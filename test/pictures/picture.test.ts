import { expect } from "chai";
import sharp from "sharp";
import { linearAxis } from "../../lib/pictures/axis.js";
import { lineChart, type Series } from "../../lib/pictures/line-chart.js";
import { matrixPicture } from "../../lib/pictures/matrix.js";
import { svgOf, type Mark, type Picture } from "../../lib/pictures/picture.js";
import { DARK, LIGHT, pictureStyle } from "../../lib/pictures/style.js";

type Text = Mark & { readonly kind: "text" };
const textsOf = ({ marks }: Picture): Text[] => marks.filter((mark): mark is Text => mark.kind === "text");

const chart = (series: readonly Series[]): Picture =>
  lineChart({
    title: "A & B",
    x: { axis: linearAxis(0, 10, 5), label: "epoch" },
    y: { axis: linearAxis(0, 1, 5), label: "loss" },
    series,
  });

/** Pixels of a drawing for one of the picture's own. */
const FINE = 4;

/** The colours RGB at places of a picture. */
async function pixelsOf(picture: Picture) {
  const svg = svgOf(picture, "strokes", pictureStyle(LIGHT));
  const { data, info } = await sharp(Buffer.from(svg), { density: 72 * FINE })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).to.deep.equal([FINE * picture.width, FINE * picture.height]);
  return (x: number, y: number) => {
    const at = (Math.round(y * FINE) * info.width + Math.round(x * FINE)) * 3;
    return [...data.subarray(at, at + 3)];
  };
}

const near = (colour: readonly number[], hex: string): boolean =>
  colour.every(
    (value, index) => Math.abs(value - parseInt(hex.slice(1 + 2 * index, 3 + 2 * index), 16)) < 40,
  );

describe("pictures", () => {
  const picture: Picture = {
    title: "A <b>",
    width: 100,
    height: 50,
    marks: [
      { kind: "text", look: "text", at: [10, 20], anchor: "end", text: "<i> & 'x'", upward: true },
      {
        kind: "line",
        look: "training",
        points: [
          [0, 0],
          [50, 25.123],
        ],
        inside: { x: 1, y: 2, width: 3, height: 4 },
      },
      { kind: "dot", look: "training-dot", at: [5, 6], radius: 3 },
      { kind: "box", look: "axis", box: { x: 1, y: 2, width: 3, height: 4 } },
    ],
  };

  it("have text for a page, escaped, and none in a style of its own", () => {
    const svg = svgOf(picture, "font");
    expect(svg).to.equal(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50" role="img" aria-label="A &lt;b&gt;">' +
        '<defs><clipPath id="inside-A-b--0"><rect x="1" y="2" width="3" height="4"/></clipPath></defs>' +
        '<text class="text" x="10" y="20" font-size="11.81" text-anchor="end" transform="rotate(-90 10 20)">' +
        "&lt;i&gt; &amp; &#39;x&#39;</text>" +
        '<path class="training" clip-path="url(#inside-A-b--0)" d="M0 0L50 25.12"/>' +
        '<circle class="training-dot" cx="5" cy="6" r="3"/><rect class="axis" x="1" y="2" width="3" height="4"/></svg>',
    );
  });

  it("have strokes for a file, which needs no fonts, and a style with them", () => {
    const svg = svgOf(picture, "strokes", pictureStyle(LIGHT));
    expect(svg).to.not.match(/<text|font/);
    expect(svg).to.match(
      /<path class="strokes text" stroke-width="1.19" transform="rotate\(-90 10 20\)" d="M/,
    );
    expect(svg).to.include('<rect class="paper" width="100" height="50"/>');
  });

  it("tell training from validation by more than colour, in light and dark", () => {
    for (const palette of [LIGHT, DARK]) {
      const style = pictureStyle(palette);
      expect(style).to.match(/\.validation\{[^}]*stroke-dasharray/);
      expect(style).to.not.match(/\.training\{[^}]*stroke-dasharray/);
    }
  });
});

describe("line chart", () => {
  const points = [0, 5, 10].map((x) => [x, x / 20] as const);

  it("puts lines, dots and ends where the axes say", async () => {
    const drawn = chart([
      {
        name: "training",
        look: "training",
        points: [
          [0, 0.5],
          [10, 0.5],
        ],
        end: "half",
      },
      {
        name: "validation",
        look: "validation",
        points: [
          [0, 0],
          [10, 1],
        ],
      },
    ]);
    const line = drawn.marks.find((mark) => mark.kind === "line" && mark.look === "training" && mark.inside);
    if (line?.kind !== "line") throw new Error("no line");
    const [[left, middle], [right]] = line.points;
    const diagonal = drawn.marks.findLast((mark) => mark.kind === "line" && mark.look === "validation");
    if (diagonal?.kind !== "line") throw new Error("no line");
    const [[, bottom], [, top]] = diagonal.points;
    expect(middle).to.equal((top + bottom) / 2);
    const end = textsOf(drawn).find(({ text }) => text === "half");
    expect(end?.at[0]).to.be.above(right);
    const pixel = await pixelsOf(drawn);
    expect(near(pixel(left + (right - left) / 4, middle), LIGHT.training)).to.equal(true);
    expect(near(pixel(left + (right - left) / 4, middle - 12), LIGHT.paper)).to.equal(true);
    // a ring of the validation's colour around its last point
    expect(near(pixel(right, top + 3), LIGHT.validation)).to.equal(true);
    expect(near(pixel(right, top), LIGHT.paper)).to.equal(true);
  });

  it("names its axes with their marks, its title and its lines", () => {
    const texts = textsOf(chart([{ name: "training", look: "training", points }])).map(({ text }) => text);
    expect(texts).to.deep.equal([
      ...["A & B", "training"],
      ...["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "0", "2", "4", "6", "8", "10", "epoch", "loss"],
    ]);
  });

  it("moves ends apart that would touch", () => {
    const ends = ["a", "b", "c"];
    const drawn = chart(ends.map((end, at) => ({ look: "training", points: [[0, 0.5 + at / 1000]], end })));
    const heights = textsOf(drawn)
      .filter(({ text }) => ends.includes(text))
      .map(({ at: [, y] }) => y);
    expect(heights.length).to.equal(3);
    heights.slice(1).forEach((y, index) => expect(y - heights[index]).to.be.at.least(14));
  });

  it("marks no more points than can be told apart, the last one among them", () => {
    const many = Array.from({ length: 1000 }, (_, at) => [at / 100, 0.5] as const);
    const drawn = chart([{ look: "validation", points: many }]);
    const dots = drawn.marks.filter((mark) => mark.kind === "dot");
    expect(dots.length).to.be.within(30, 50);
    const lines = drawn.marks.filter((mark) => mark.kind === "line");
    expect(dots[dots.length - 1].at).to.deep.equal(lines[lines.length - 1].points.at(-1));
  });

  it("marks the one point of a line that has no other, and draws nothing for one that has none", () => {
    const one = chart([{ look: "training", points: [[5, 0.5]] }]);
    expect(one.marks.filter((mark) => mark.kind === "dot").map(({ look }) => look)).to.deep.equal([
      "training-dot",
    ]);
    const none = chart([{ look: "training", points: [] }]);
    expect(none.marks.filter((mark) => mark.kind === "line" && mark.look === "training")).to.deep.equal([]);
  });
});

describe("matrix", () => {
  const counts = [
    [75, 25, 0],
    [0, 0, 0],
    [0, 100, 0],
  ];

  it("draws shares of a row: right in blue, wrong in red, by their root", async () => {
    const drawn = await matrixPicture({
      title: "M",
      names: ["a", "b", "c"],
      labels: ["row", "column"],
      counts,
    });
    const box = drawn.marks.find((mark) => mark.kind === "box");
    if (box?.kind !== "box") throw new Error("no box");
    const { x, y, width } = box.box;
    const cell = width / 3;
    const pixel = await pixelsOf(drawn);
    // beside the middle, where the count stands
    const at = (row: number, column: number) => pixel(x + (column + 0.15) * cell, y + (row + 0.15) * cell);
    const shade = (dark: readonly number[], share: number) =>
      dark.map((value) => Math.round(255 + (value - 255) * Math.sqrt(share)));
    expect(at(0, 0)).to.deep.equal(shade([0x0b, 0x4a, 0x85], 0.75));
    expect(at(0, 1)).to.deep.equal(shade([0xb3, 0x3a, 0x00], 0.25));
    expect(at(2, 1)).to.deep.equal([0xb3, 0x3a, 0x00]);
    for (const [row, column] of [
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 0],
      [2, 2],
    ])
      expect(at(row, column)).to.deep.equal([255, 255, 255]);
    const texts = textsOf(drawn).map(({ text, look }) => `${text} ${look}`);
    expect(texts).to.deep.equal([
      ...["M text", "a text", "a text", "b text", "b text", "c text", "c text"],
      ...["75 on-dark", "25 on-light", "100 on-dark", "row muted", "column muted"],
    ]);
  });

  it("leaves names and counts out where there is no room, and shortens long names", async () => {
    const large = async (classes: number) => {
      const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
      const diagonal = names.map((_, i) => names.map((__, j) => (i === j ? 1 : 0)));
      return textsOf(await matrixPicture({ title: "M", names, labels: ["r", "c"], counts: diagonal })).length;
    };
    expect(await large(20)).to.equal(1 + 2 * 20 + 20 + 2);
    expect(await large(30)).to.equal(1 + 2 * 30 + 2);
    expect(await large(100)).to.equal(1 + 2);
    const names = ["x".repeat(100), "b"];
    const picture = await matrixPicture({
      title: "M",
      names,
      labels: ["r", "c"],
      counts: [
        [1, 0],
        [0, 1],
      ],
    });
    expect(textsOf(picture)[1].text).to.match(/^x{10,30}\.\.\.$/);
  });
});
