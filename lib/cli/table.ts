/** Plain text tables, and numbers and shapes as a person reads them. */
import type { Shape } from "../network/layers.js";
import type { Range } from "../plan/partition.js";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

export const left = (title: string): Column => ({ title, align: "left" });
export const right = (title: string): Column => ({ title, align: "right" });

const GAP = "  ";

/** Rows under their titles, in columns as wide as their widest cell; ends in a line break. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at]))));
  return lines
    .map((line) => {
      const cells = line.map((cell, at) => {
        const padding = " ".repeat(widths[at] - widthOf(cell));
        return columns[at].align === "left" ? cell + padding : padding + cell;
      });
      return `${cells.join(GAP).trimEnd()}\n`;
    })
    .join("");
}

/** Characters, not UTF-16 units: file names and labels are anybody's. */
const widthOf = (text: string): number => Array.from(text).length;

/** 60965224 as 60,965,224. */
export const count = (value: number): string => value.toLocaleString("en-US");

/** A few decimals of a measured number, more of a small one. */
export const measured = (value: number): string => value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);

/** Bytes in MB, 10^6 of them. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** [96, 55, 55] as 55x55x96, by towers as 55x55x(2x48); [4096] as 4096 or 2x2048. */
export function shapeText([channels, ...area]: Shape, towers = 1): string {
  const depth = towers > 1 ? `${towers}x${channels / towers}` : String(channels);
  if (area.length === 0) return depth;
  return [...area, towers > 1 ? `(${depth})` : depth].join("x");
}

/** [0, 48), as 0-47. */
export const rangeText = ([from, to]: Range): string =>
  to - from === 1 ? String(from) : `${from}-${to - 1}`;
