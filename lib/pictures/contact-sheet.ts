/** Small images in a grid, each with what it was taken for beneath. */
import type { Image } from "../images/index.js";
import { CAPITAL, type Box, type Mark, type Picture } from "./picture.js";
import { DENSITY, enlargedPng } from "./png.js";
import { strokesWidth } from "./strokes.js";

export interface Tile {
  readonly image: Image;
  /** Lines beneath. */
  readonly caption: readonly string[];
  /** Taken for what it is not: framed, and its caption in another colour. */
  readonly wrong: boolean;
}

export interface Section {
  readonly title: string;
  /** Row by row. */
  readonly tiles: readonly Tile[];
}

/** Of a tile: its image is as large as whole squares for its pixels make it. */
const SIDE = 60;
const GAP = 14;
const MARGIN = 20;
const TITLE = CAPITAL * 1.2;
const HEADING = 18;
/** From one baseline of a caption to the next. */
const LINE = 13;
/** Between an image and its caption, beside what a line has above it. */
const CAPTION_GAP = 3;
const SECTION_GAP = 30;
/** Between an image and its frame. */
const FRAME = 2;

/** Sections one below the other, `columns` tiles a row. */
export async function contactSheet(
  title: string,
  sections: readonly Section[],
  columns: number,
): Promise<Picture> {
  const marks: Mark[] = [];
  let bottom = MARGIN;
  for (const section of sections) {
    if (marks.length > 0) bottom += SECTION_GAP;
    const titleLine = bottom + TITLE;
    marks.push({
      ...{ kind: "text", look: "text", at: [MARGIN, titleLine], anchor: "start" },
      ...{ text: section.title, height: TITLE },
    });
    const top = titleLine + HEADING;
    const lines = Math.max(0, ...section.tiles.map(({ caption }) => caption.length));
    const rowHeight = SIDE + CAPTION_GAP + lines * LINE + GAP;
    for (const [index, tile] of section.tiles.entries()) {
      const row = Math.floor(index / columns);
      const left = MARGIN + (index % columns) * (SIDE + GAP);
      marks.push(...(await tileMarks(tile, left, top + row * rowHeight)));
    }
    bottom = top + Math.ceil(section.tiles.length / columns) * rowHeight - GAP;
  }
  const titles = sections.map((section) => strokesWidth(section.title, TITLE));
  const width = Math.max(columns * (SIDE + GAP) - GAP, ...titles);
  return { title, width: Math.ceil(width + 2 * MARGIN), height: Math.ceil(bottom + MARGIN), marks };
}

/** At a pixel of the file. */
const whole = (units: number): number => Math.round(units * DENSITY) / DENSITY;

async function tileMarks({ image, caption, wrong }: Tile, left: number, top: number): Promise<Mark[]> {
  // squares of whole pixels in the file, which nothing has to blur
  const zoom = Math.max(1, Math.floor((SIDE * DENSITY) / Math.max(image.width, image.height)));
  const [width, height] = [image.width, image.height].map((pixels) => (pixels * zoom) / DENSITY);
  const box: Box = {
    x: whole(left + (SIDE - width) / 2),
    y: whole(top + (SIDE - height) / 2),
    width,
    height,
  };
  const frame: Box = {
    ...{ x: box.x - FRAME, y: box.y - FRAME },
    ...{ width: width + 2 * FRAME, height: height + 2 * FRAME },
  };
  return [
    { kind: "image", box, png: await enlargedPng(image, zoom) },
    { kind: "box", look: wrong ? "wrong-frame" : "grid", box: frame },
    ...caption.map((text, index): Mark => {
      const at = [left + SIDE / 2, top + SIDE + CAPTION_GAP + (index + 1) * LINE] as const;
      return { kind: "text", look: wrong ? "wrong" : "text", at, anchor: "middle", text };
    }),
  ];
}
