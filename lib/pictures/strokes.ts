/**
 * Text as strokes, for pictures that must look alike on every machine: SVG that becomes a PNG has no text where no fonts are
 * installed, as on small servers.
 */

/** Units from the top of a capital to the baseline. */
const CAPITAL = 6;
/** Units between two characters. */
const GAP = 1.7;
const SPACE = 2.5;
const DOT = 0.2;

/**
 * Characters as lines through points, each written as its column and row in units: rows from 0, the top of a capital,
 * over 6, the baseline, to 8, the lowest; small letters begin in row 2. "|" begins another line.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  "0": "10 30 41 45 36 16 05 01 10",
  "1": "01 20 26",
  "2": "01 10 30 41 42 06 46",
  "3": "01 10 30 41 42 33 13|33 44 45 36 16 05",
  "4": "36 30 04 44",
  "5": "40 00 03 12 32 43 45 36 16 05",
  "6": "41 30 10 01 05 16 36 45 43 32 12 03",
  "7": "00 40 16",
  "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
  "9": "05 16 36 45 41 30 10 01 03 14 34 43",
  A: "06 20 46|14 34",
  B: "03 33 42 41 30 00 06 36 45 44 33",
  C: "41 30 10 01 05 16 36 45",
  D: "00 06 26 44 42 20 00",
  E: "40 00 06 46|03 33",
  F: "40 00 06|03 33",
  G: "41 30 10 01 05 16 36 45 43 23",
  H: "00 06|40 46|03 43",
  I: "00 06",
  J: "30 35 26 16 05",
  K: "00 06|40 03 46",
  L: "00 06 36",
  M: "06 00 23 40 46",
  N: "06 00 46 40",
  O: "10 30 41 45 36 16 05 01 10",
  P: "06 00 30 41 42 33 03",
  Q: "10 30 41 45 36 16 05 01 10|34 47",
  R: "06 00 30 41 42 33 03|23 46",
  S: "41 30 10 01 02 13 33 44 45 36 16 05",
  T: "00 40|20 26",
  U: "00 05 16 36 45 40",
  V: "00 26 40",
  W: "00 16 22 36 40",
  X: "00 46|40 06",
  Y: "00 23 40|23 26",
  Z: "00 40 06 46",
  a: "02 22 33 36|34 14 05 16 26 35",
  b: "00 06|03 12 22 33 35 26 16 05",
  c: "32 12 03 05 16 36",
  d: "30 36|33 22 12 03 05 16 26 35",
  e: "04 34 33 22 12 03 05 16 36",
  f: "20 11 16|02 22",
  g: "32 37 28 18|33 22 12 03 05 16 26 35",
  h: "00 06|03 12 22 33 36",
  i: "02 06|00 00",
  j: "12 17 08|10 10",
  k: "00 06|32 04 36",
  l: "00 06",
  m: "02 06|03 12 23 26|23 32 43 46",
  n: "02 06|03 12 22 33 36",
  o: "12 22 33 35 26 16 05 03 12",
  p: "02 08|03 12 22 33 35 26 16 05",
  q: "32 38|33 22 12 03 05 16 26 35",
  r: "02 06|03 12 22",
  s: "32 12 03 14 24 35 26 06",
  t: "10 15 26|02 22",
  u: "02 05 16 26 35|32 36",
  v: "02 26 42",
  w: "02 16 23 36 42",
  x: "02 36|32 06",
  y: "02 05 16 26 35|32 37 28 18",
  z: "02 32 06 36",
  ".": "06 06",
  ",": "16 07",
  ":": "02 02|06 06",
  ";": "12 12|16 07",
  "!": "00 04|06 06",
  "?": "01 10 20 31 32 13 14|16 16",
  "'": "00 02",
  '"': "00 02|20 22",
  "-": "03 33",
  "+": "03 43|21 25",
  "=": "02 42|04 44",
  "<": "41 03 45",
  ">": "01 43 05",
  "*": "13 33|12 34|14 32",
  "/": "30 06",
  "\\": "00 36",
  "|": "00 07",
  _: "06 46",
  "(": "10 02 04 16",
  ")": "00 12 14 06",
  "[": "10 00 06 16",
  "]": "00 10 16 06",
  "{": "20 11 12 03 14 15 26",
  "}": "00 11 12 23 14 15 06",
  "#": "10 16|30 36|02 42|04 44",
  "%": "50 06|00 20 22 02 00|34 54 56 36 34",
  "&": "46 01 10 20 21 04 05 16 26 44",
  $: "41 32 12 03 33 44 35 05|20 26",
  "@": "34 14 12 32 34 44 41 30 10 01 05 16 46",
  "^": "02 20 42",
  "`": "00 11",
  "~": "03 12 33 42",
};

/** What stands for every other character. */
const OTHER = "00 30 36 06 00";

interface Glyph {
  /** Units. */
  readonly width: number;
  readonly lines: readonly (readonly (readonly [x: number, y: number])[])[];
}

function glyphOf(character: string): Glyph {
  if (character === " ") return { width: SPACE, lines: [] };
  const lines = (Object.hasOwn(GLYPHS, character) ? GLYPHS[character] : OTHER)
    .split("|")
    .map((line) => line.split(" ").map((point) => [Number(point[0]), Number(point[1])] as const));
  return { width: Math.max(...lines.flat().map(([x]) => x)), lines };
}

const glyphsOf = (text: string): Glyph[] => Array.from(text, glyphOf);

/** How wide a text is whose capitals are `height` high, in the unit of `height`. */
export function strokesWidth(text: string, height: number): number {
  const glyphs = glyphsOf(text);
  const units = glyphs.reduce((sum, { width }) => sum + width, 0) + GAP * Math.max(0, glyphs.length - 1);
  return (units * height) / CAPITAL;
}

/** The path of a text: its left end at x, its baseline at y, its capitals `height` high; to be stroked with round ends. */
export function strokesPath(text: string, x: number, y: number, height: number): string {
  const unit = height / CAPITAL;
  let left = x;
  const parts: string[] = [];
  for (const { width, lines } of glyphsOf(text)) {
    for (const line of lines) {
      const points = line.map(([column, row], index) => {
        // a line to where it begins is a dot, which must have a length to be as black as others
        const [from] = line;
        const sink = index > 0 && from[0] === column && from[1] === row && line.length === 2 ? DOT : 0;
        return `${rounded(left + column * unit)} ${rounded(y + (row + sink - CAPITAL) * unit)}`;
      });
      parts.push(`M${points.join("L")}`);
    }
    left += (width + GAP) * unit;
  }
  return parts.join("");
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);
