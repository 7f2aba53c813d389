/** Pictures as marks, and marks as SVG: with text for a page, whose reader has fonts, or with strokes for a PNG. */
import { escapeHtml } from "./escape.js";
import { strokesPath, strokesWidth } from "./strokes.js";

type Point = readonly [x: number, y: number];

/** In the picture's own units: pixels where it is shown as wide as it is. `look` is a class of the style. */
export type Mark =
  | {
      readonly kind: "line";
      readonly look: string;
      readonly points: readonly Point[];
      /** Drawn only inside of this. */
      readonly inside?: Box;
    }
  | { readonly kind: "dot"; readonly look: string; readonly at: Point; readonly radius: number }
  | { readonly kind: "box"; readonly look: string; readonly box: Box }
  | { readonly kind: "image"; readonly box: Box; readonly png: Buffer }
  | {
      readonly kind: "text";
      readonly look: string;
      /** Where the text begins, has its middle or ends, on its baseline. */
      readonly at: Point;
      readonly anchor: "start" | "middle" | "end";
      readonly text: string;
      /** Read from below. */
      readonly upward?: boolean;
      /** Of its capitals; CAPITAL where missing. */
      readonly height?: number;
    };

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Picture {
  /** What it shows, for who cannot see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

/** Height of capitals. */
export const CAPITAL = 8.5;
/** Of a capital's height to the size of most fonts without serifs. */
const FONT_SIZE = 1 / 0.72;
/** Of a stroke's width to a capital's height. */
const STROKE = 0.14;

/** How text is drawn. */
export type Lettering = "font" | "strokes";

/** @param style CSS that goes into the picture, which a page has for all of its pictures */
export function svgOf({ title, width, height, marks }: Picture, lettering: Lettering, style = ""): string {
  const clips = new Map<Box, string>();
  // a page has several pictures, and one name space
  const name = title.replace(/\W+/g, "-");
  for (const mark of marks)
    if (mark.kind === "line" && mark.inside && !clips.has(mark.inside))
      clips.set(mark.inside, `inside-${name}-${clips.size}`);
  const definitions = [...clips].map(
    ([box, id]) => `<clipPath id="${id}"><rect ${boxText(box)}/></clipPath>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`,
    style === "" ? "" : `<style>${style}</style><rect class="paper" width="${width}" height="${height}"/>`,
    definitions.length === 0 ? "" : `<defs>${definitions.join("")}</defs>`,
    ...marks.map((mark) => markText(mark, lettering, clips)),
    "</svg>",
  ].join("");
}

function markText(mark: Mark, lettering: Lettering, clips: ReadonlyMap<Box, string>): string {
  switch (mark.kind) {
    case "line": {
      const id = mark.inside && clips.get(mark.inside);
      const clip = id === undefined ? "" : ` clip-path="url(#${id})"`;
      const points = mark.points.map(([x, y]) => `${rounded(x)} ${rounded(y)}`);
      return `<path class="${mark.look}"${clip} d="M${points.join("L")}"/>`;
    }
    case "dot":
      return `<circle class="${mark.look}" cx="${rounded(mark.at[0])}" cy="${rounded(mark.at[1])}" r="${mark.radius}"/>`;
    case "box":
      return `<rect class="${mark.look}" ${boxText(mark.box)}/>`;
    case "image":
      return `<image ${boxText(mark.box)} preserveAspectRatio="none" href="data:image/png;base64,${mark.png.toString("base64")}"/>`;
    case "text":
      return lettering === "font" ? fontText(mark) : strokesText(mark);
  }
}

type Text = Mark & { readonly kind: "text" };

function fontText({ look, at: [x, y], anchor, text, upward = false, height = CAPITAL }: Text): string {
  const size = rounded(height * FONT_SIZE);
  const turned = upward ? ` transform="rotate(-90 ${rounded(x)} ${rounded(y)})"` : "";
  return `<text class="${look}" x="${rounded(x)}" y="${rounded(y)}" font-size="${size}" text-anchor="${anchor}"${turned}>${escapeHtml(text)}</text>`;
}

function strokesText({ look, at: [x, y], anchor, text, upward = false, height = CAPITAL }: Text): string {
  const width = strokesWidth(text, height);
  const left = x - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
  const turned = upward ? ` transform="rotate(-90 ${rounded(x)} ${rounded(y)})"` : "";
  return `<path class="strokes ${look}" stroke-width="${rounded(height * STROKE)}"${turned} d="${strokesPath(text, left, y, height)}"/>`;
}

const boxText = ({ x, y, width, height }: Box): string =>
  `x="${rounded(x)}" y="${rounded(y)}" width="${rounded(width)}" height="${rounded(height)}"`;

const rounded = (value: number): string => String(Math.round(value * 100) / 100);
