import { expect } from "chai";
import sharp from "sharp";
import { contactSheet, type Tile } from "../../lib/pictures/contact-sheet.js";
import type { Mark } from "../../lib/pictures/picture.js";
import { DENSITY, enlargedPng, pngOf } from "../../lib/pictures/png.js";
import { LIGHT } from "../../lib/pictures/style.js";

const raw = async (png: Buffer, channels: 1 | 3) => {
  const image = sharp(png)
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .removeAlpha();
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).to.equal(channels);
  return { data, ...info };
};

/** 2 x 2 pixels, each another grey. */
const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 90, 170, 255) } as const;
const tile = (caption: readonly string[], wrong = false): Tile => ({ image, caption, wrong });

describe("enlarged images", () => {
  it("have a square for each pixel, grey or in colour, and nothing between", async () => {
    const colours = { ...image, width: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 250, 120, 7) } as const;
    for (const small of [image, colours]) {
      const { width, height, channels } = small;
      const { data, ...large } = await raw(await enlargedPng(small, 5), channels);
      expect([large.width, large.height]).to.deep.equal([5 * width, 5 * height]);
      for (let y = 0; y < 5 * height; y++)
        for (let x = 0; x < 5 * width; x++)
          for (let c = 0; c < channels; c++)
            expect(data[(y * 5 * width + x) * channels + c]).to.equal(
              small.data[(Math.floor(y / 5) * width + Math.floor(x / 5)) * channels + c],
            );
    }
  });
});

describe("contact sheet", () => {
  const sections = [
    { title: "Right", tiles: [tile(["a 1"]), tile(["b 2"]), tile(["c 3"]), tile(["d 4"])] },
    { title: "Wrong", tiles: [tile(["e 5", "is f"], true)] },
  ];

  it("has rows of as many tiles as it is told, each with its caption beneath, section below section", async () => {
    const { marks, width, height } = await contactSheet("sheet", sections, 3);
    const boxes = marks.flatMap((mark) => (mark.kind === "image" ? [mark.box] : []));
    const [first, second, third, fourth, wrong] = boxes;
    expect(boxes).to.have.length(5);
    expect([second.y, third.y, fourth.x, wrong.x]).to.deep.equal([first.y, first.y, first.x, first.x]);
    expect(second.x - first.x)
      .to.equal(third.x - second.x)
      .and.be.above(first.width);
    expect(wrong.y - fourth.y)
      .to.be.above(fourth.y - first.y)
      .and.above(first.height);
    const texts = marks.flatMap((mark) => (mark.kind === "text" ? [mark] : []));
    expect(texts.map(({ text }) => text)).to.deep.equal([
      ...["Right", "a 1", "b 2", "c 3", "d 4"],
      ...["Wrong", "e 5", "is f"],
    ]);
    const captions = texts.filter(({ text }) => !["Right", "Wrong"].includes(text));
    expect(captions.map(({ at: [x] }) => x)).to.deep.equal(
      [first, second, third, fourth, wrong, wrong].map((box) => box.x + box.width / 2),
    );
    captions.forEach(({ at: [, y] }, index) => {
      const box = boxes[Math.min(index, 4)];
      expect(y)
        .to.be.above(box.y + box.height)
        .and.below(height);
    });
    expect(third.x + third.width).to.be.below(width);
  });

  it("frames what is wrong, and colours its caption", async () => {
    const { marks } = await contactSheet("sheet", sections, 3);
    const looks = (kind: Mark["kind"]) =>
      marks.flatMap((mark) => (mark.kind === kind && "look" in mark ? [mark.look] : []));
    expect(looks("box")).to.deep.equal(["grid", "grid", "grid", "grid", "wrong-frame"]);
    expect(looks("text").slice(-3)).to.deep.equal(["text", "wrong", "wrong"]);
    expect(looks("text").slice(0, -2)).to.not.include("wrong");
  });

  it("has images in the middle of their tiles, each pixel a square of whole pixels of the file", async () => {
    const sizes = [
      [28, 28],
      [7, 3],
      [3, 7],
    ] as const;
    const tiles = sizes.map(([width, height]): Tile => {
      const data = new Uint8Array(width * height);
      return { image: { width, height, channels: 1, data }, caption: ["x"], wrong: false };
    });
    const { marks } = await contactSheet("sheet", [{ title: "", tiles }], 1);
    const boxes = marks.flatMap((mark) => (mark.kind === "image" ? [mark.box] : []));
    const centres = marks.flatMap((mark) => (mark.kind === "text" && mark.text === "x" ? [mark.at[0]] : []));
    boxes.forEach(({ x, y, width, height }, index) => {
      const [columns, rows] = sizes[index];
      const squares = [(width * DENSITY) / columns, (height * DENSITY) / rows];
      expect(squares[0]).to.equal(squares[1]);
      for (const pixels of [squares[0], x * DENSITY, y * DENSITY]) expect(pixels % 1).to.equal(0);
      // to the nearest pixel of the file
      expect(x + width / 2).to.be.closeTo(centres[index], 0.5 / DENSITY);
    });
  });

  it("is as wide as its longest title", async () => {
    const short = await contactSheet("sheet", [{ title: "a", tiles: [tile([])] }], 1);
    const long = await contactSheet("sheet", [{ title: "a".repeat(40), tiles: [tile([])] }], 1);
    expect(long.width).to.be.above(3 * short.width);
  });

  it("keeps every pixel's own grey as a PNG, and the frame's colour around", async () => {
    const sheet = await contactSheet("sheet", [{ title: "", tiles: [tile([], true)] }], 1);
    const { data, width } = await raw(await pngOf(sheet), 3);
    expect(width).to.equal(DENSITY * sheet.width);
    const at = (x: number, y: number) => {
      const from = (Math.round(DENSITY * y) * width + Math.round(DENSITY * x)) * 3;
      return [...data.subarray(from, from + 3)];
    };
    const [drawn, frame] = sheet.marks.flatMap((mark) =>
      mark.kind === "image" || mark.kind === "box" ? [mark.box] : [],
    );
    // the file's pixels on both sides of what is between two of the image's
    const [right, below] = [drawn.x + drawn.width / 2, drawn.y + drawn.height / 2];
    const [left, above] = [right - 1 / DENSITY, below - 1 / DENSITY];
    expect([at(left, above), at(right, above), at(left, below), at(right, below)]).to.deep.equal(
      [...image.data].map((grey) => [grey, grey, grey]),
    );
    const vermilion = [1, 3, 5].map((from) => parseInt(LIGHT.validation.slice(from, from + 2), 16));
    expect(at(frame.x, frame.y + frame.height / 2)).to.deep.equal(vermilion);
  });
});
