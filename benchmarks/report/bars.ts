/** Sections as horizontal bars in SVG; colours come from the page's style. */
import { escapeHtml } from "../../lib/pictures/escape.js";
import { OURS, type Row, type Section } from "./section.js";
import { cellText } from "./text.js";

/** In the picture's own units, of which it is WIDTH wide on any screen. */
const WIDTH = 960;
const LINE = 20;
const BAR = 12;
/** Of a character of the labels, roughly: widths are not known before a browser sets the text. */
const CHARACTER = 7;
const LONGEST_LABEL = 480;
const GAP = 10;
/** Kept free behind the longest bar, for its figure. */
const FIGURE = 110;

interface Bar {
  readonly group: string;
  readonly label: string;
  readonly value: number;
  readonly spread: readonly [min: number, max: number] | undefined;
  readonly figure: string;
}

/** Undefined where no row has the chart's value. */
export function barChart(section: Section): string | undefined {
  const bars = barsOf(section);
  if (bars.length === 0) return undefined;
  const longest = Math.max(...bars.map(({ value, spread }) => Math.max(value, spread?.[1] ?? 0)));
  const labels = Math.min(LONGEST_LABEL, Math.max(...bars.map(({ label }) => label.length)) * CHARACTER);
  const room = WIDTH - labels - GAP - FIGURE;
  const x = (value: number) => labels + GAP + (longest > 0 ? (value / longest) * room : 0);
  const compares = new Set(bars.map(({ label }) => label.startsWith(OURS))).size > 1;
  const parts: string[] = [];
  let y = 0;
  bars.forEach((bar, index) => {
    if (bar.group !== "" && bar.group !== bars[index - 1]?.group) {
      parts.push(text(0, y + LINE / 2, "group", bar.group));
      y += LINE;
    }
    const style = compares && !bar.label.startsWith(OURS) ? "bar other" : "bar";
    parts.push(text(labels, y + LINE / 2, "label", bar.label), rectangle(x(0), y, x(bar.value), style));
    if (bar.spread !== undefined) parts.push(whisker(x(bar.spread[0]), x(bar.spread[1]), y + LINE / 2));
    const end = Math.max(x(bar.value), x(bar.spread?.[1] ?? 0));
    parts.push(text(end + GAP / 2, y + LINE / 2, "figure", bar.figure));
    y += LINE;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escapeHtml(section.title)}">${parts.join("")}</svg>`;
}

const isLength = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

function barsOf({ rows, chart, columns }: Section): Bar[] {
  const fields: Readonly<Record<string, string | undefined>> = columns;
  return rows.flatMap((row: Readonly<Record<string, string | number | undefined>> & Row) => {
    const value = row[chart.value];
    if (!isLength(value)) return [];
    const [min, max] = (chart.spread ?? []).map((field) => row[field]);
    const named = chart.group === undefined ? "" : cellText(row, chart.group);
    return {
      group: named === "" ? "" : `${fields[chart.group ?? ""] ?? ""} ${named}`.trim(),
      label: chart.label
        .map((field) => cellText(row, field))
        .filter((part) => part !== "")
        .join(" "),
      value,
      spread: isLength(min) && isLength(max) ? ([min, max] as const) : undefined,
      figure: `${cellText(row, chart.value)} ${chart.unit}`,
    };
  });
}

const rounded = (length: number): string => length.toFixed(1);

const text = (x: number, y: number, style: string, content: string): string =>
  `<text class="${style}" x="${rounded(x)}" y="${rounded(y)}">${escapeHtml(content)}</text>`;

const rectangle = (from: number, y: number, to: number, style: string): string =>
  `<rect class="${style}" x="${rounded(from)}" y="${rounded(y + (LINE - BAR) / 2)}" width="${rounded(to - from)}" height="${BAR}"/>`;

/** From the smallest to the largest value that was measured. */
const whisker = (from: number, to: number, y: number): string =>
  `<path class="spread" d="M${rounded(from)} ${rounded(y - 4)}v8M${rounded(from)} ${rounded(y)}H${rounded(to)}M${rounded(to)} ${rounded(y - 4)}v8"/>`;
