/** A square matrix of shares as a picture: a row a class, a column what it was taken for. */
import { CAPITAL, type Box, type Mark, type Picture } from "./picture.js";
import { enlargedPng } from "./png.js";
import { strokesWidth } from "./strokes.js";

export interface Matrix {
  readonly title: string;
  readonly names: readonly string[];
  /** Of rows and of columns. */
  readonly labels: readonly [row: string, column: string];
  readonly counts: readonly (readonly number[])[];
}

/** Pixels a side, about. */
const WIDEST = 640;
/** Of a cell. */
const LARGEST_CELL = 56;
const LEAST_WITH_COUNTS = 26;
const LEAST_WITH_NAMES = 12;
const LONGEST_NAME = 130;
const GAP = 8;
const TITLE = 34;

/** White to dark: what is right in blue, what is wrong in vermilion, each by the root of its share of the row. */
const RIGHT: Colour = [0x0b, 0x4a, 0x85];
const WRONG: Colour = [0xb3, 0x3a, 0x00];
type Colour = readonly [red: number, green: number, blue: number];

export async function matrixPicture({ title, names, labels, counts }: Matrix): Promise<Picture> {
  const side = Math.max(1, Math.min(LARGEST_CELL, WIDEST / names.length));
  const cell = side >= 2 ? Math.floor(side) : side;
  const named = cell >= LEAST_WITH_NAMES;
  const texts = named ? names.map((name) => shortened(name)) : [];
  const room = Math.max(0, ...texts.map((text) => strokesWidth(text, CAPITAL)));
  const left = 20 + GAP + room + GAP;
  const top = TITLE + 20 + room + GAP;
  const size = Math.round(cell * names.length);
  const box: Box = { x: left, y: top, width: size, height: size };
  const width = Math.ceil(Math.max(left + size, left + strokesWidth(title, CAPITAL * 1.2)) + 2 * GAP);
  return {
    title,
    width,
    height: Math.ceil(top + size + 2 * GAP),
    marks: [
      { kind: "text", look: "text", at: [GAP, 20], anchor: "start", text: title, height: CAPITAL * 1.2 },
      { kind: "image", box, png: await cellsOf(counts, cell) },
      { kind: "box", look: "axis", box },
      ...texts.flatMap((text, index) => nameMarks(text, index, cell, left, top)),
      ...(cell >= LEAST_WITH_COUNTS ? countMarks(counts, cell, left, top) : []),
      ...axisNames(labels, box, room),
    ],
  };
}

function axisNames([row, column]: Matrix["labels"], { x, y, width, height }: Box, room: number): Mark[] {
  const middle = y + height / 2;
  return [
    {
      kind: "text",
      look: "muted",
      at: [x - room - 2 * GAP, middle],
      anchor: "middle",
      upward: true,
      text: row,
    },
    { kind: "text", look: "muted", at: [x + width / 2, y - room - 2 * GAP], anchor: "middle", text: column },
  ];
}

function nameMarks(text: string, index: number, cell: number, left: number, top: number): Mark[] {
  const middle = (index + 0.5) * cell + CAPITAL / 2;
  return [
    { kind: "text", look: "text", at: [left - GAP, top + middle], anchor: "end", text },
    { kind: "text", look: "text", at: [left + middle, top - GAP], anchor: "start", upward: true, text },
  ];
}

function countMarks(counts: Matrix["counts"], cell: number, left: number, top: number): Mark[] {
  return counts.flatMap((row, i) =>
    row.flatMap((count, j): Mark[] => {
      if (count === 0) return [];
      const text = String(count);
      // as large as the cell has room for
      const height = Math.min(CAPITAL, (CAPITAL * (cell - 6)) / strokesWidth(text, CAPITAL));
      return [
        {
          kind: "text",
          look: depthOf(count, row) > 0.5 ? "on-dark" : "on-light",
          at: [left + (j + 0.5) * cell, top + (i + 0.5) * cell + height / 2],
          anchor: "middle",
          text,
          height,
        },
      ];
    }),
  );
}

/** The cells as pixels: a thousand classes are a million of them. */
function cellsOf(counts: Matrix["counts"], cell: number): Promise<Buffer> {
  const size = counts.length;
  const pixels = Buffer.alloc(size * size * 3);
  counts.forEach((row, i) => {
    row.forEach((count, j) => {
      const depth = depthOf(count, row);
      (i === j ? RIGHT : WRONG).forEach((dark, channel) => {
        pixels[(i * size + j) * 3 + channel] = Math.round(255 + (dark - 255) * depth);
      });
    });
  });
  const image = { width: size, height: size, channels: 3, data: pixels } as const;
  return enlargedPng(image, Math.max(1, Math.floor(cell)));
}

/** 0 to 1: the root lets few mistakes be seen beside many right ones. */
function depthOf(count: number, row: readonly number[]): number {
  const total = row.reduce((sum, one) => sum + one, 0);
  return total === 0 ? 0 : Math.sqrt(count / total);
}

function shortened(name: string): string {
  if (strokesWidth(name, CAPITAL) <= LONGEST_NAME) return name;
  let text = name;
  while (text !== "" && strokesWidth(`${text}...`, CAPITAL) > LONGEST_NAME) text = text.slice(0, -1);
  return `${text}...`;
}
