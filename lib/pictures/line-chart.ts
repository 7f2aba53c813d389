/** Lines over an axis from left to right. */
import type { Axis } from "./axis.js";
import { CAPITAL, type Box, type Mark, type Picture } from "./picture.js";
import { strokesWidth } from "./strokes.js";

export type SeriesLook = "training" | "validation" | "faint";

export interface Series {
  /** In the legend; without it the series is not in it. */
  readonly name?: string;
  readonly look: SeriesLook;
  /** Along x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Behind the last point. */
  readonly end?: string;
}

export interface LineChart {
  readonly title: string;
  readonly x: { readonly axis: Axis; readonly label: string };
  readonly y: { readonly axis: Axis; readonly label: string };
  readonly series: readonly Series[];
}

const WIDTH = 800;
const HEIGHT = 400;
const TOP = 58;
const BOTTOM = 48;
/** Between an axis and what is written at it. */
const GAP = 8;
/** Baselines of two texts that do not touch. */
const LINE = 16;
/** Points of one line that are marked at most. */
const MOST_DOTS = 45;
const DOT = 3;
/** Of a line in the legend. */
const SAMPLE = 28;

export function lineChart({ title, x, y, series }: LineChart): Picture {
  const widest = (texts: readonly string[]) =>
    Math.max(0, ...texts.map((text) => strokesWidth(text, CAPITAL)));
  const left = widest(y.axis.ticks.map(y.axis.text)) + LINE + 2 * GAP + 6;
  const right = Math.max(widest(series.flatMap(({ end }) => end ?? [])) + 2 * GAP, 20);
  const plot: Box = { x: left, y: TOP, width: WIDTH - left - right, height: HEIGHT - TOP - BOTTOM };
  const inside = grown(plot);
  const at = ([px, py]: readonly [number, number]): [number, number] => [
    plot.x + x.axis.place(px) * plot.width,
    plot.y + (1 - y.axis.place(py)) * plot.height,
  ];
  return {
    title,
    width: WIDTH,
    height: HEIGHT,
    marks: [
      { kind: "text", look: "text", at: [left, 20], anchor: "start", text: title, height: CAPITAL * 1.2 },
      ...legend(left, 42, series),
      ...axisMarks(plot, x, y, at),
      ...series.flatMap((one) => seriesMarks(one, inside, at)),
      ...endMarks(plot, series, at),
    ],
  };
}

function legend(left: number, baseline: number, series: readonly Series[]): Mark[] {
  let x = left;
  return series.flatMap(({ name, look }): Mark[] => {
    if (name === undefined) return [];
    const from = x;
    const middle = baseline - CAPITAL / 2;
    x += SAMPLE + GAP + strokesWidth(name, CAPITAL) + 3 * GAP;
    const points = [from, from + SAMPLE].map((px): [number, number] => [px, middle]);
    const dot: Mark[] = look === "validation" ? [dotAt(look, [from + SAMPLE / 2, middle])] : [];
    return [
      { kind: "line", look, points },
      ...dot,
      { kind: "text", look: "text", at: [from + SAMPLE + GAP, baseline], anchor: "start", text: name },
    ];
  });
}

type At = (point: readonly [number, number]) => [number, number];

function axisMarks(plot: Box, x: LineChart["x"], y: LineChart["y"], at: At): Mark[] {
  const bottom = plot.y + plot.height;
  const horizontal = y.axis.ticks.flatMap((tick): Mark[] => {
    const [, py] = at([x.axis.least, tick]);
    return [
      {
        kind: "line",
        look: "grid",
        points: [
          [plot.x, py],
          [plot.x + plot.width, py],
        ],
      },
      {
        kind: "text",
        look: "muted",
        at: [plot.x - GAP, py + CAPITAL / 2],
        anchor: "end",
        text: y.axis.text(tick),
      },
    ];
  });
  const vertical = x.axis.ticks.flatMap((tick): Mark[] => {
    const [px] = at([tick, y.axis.least]);
    return [
      {
        kind: "line",
        look: "axis",
        points: [
          [px, bottom],
          [px, bottom + 4],
        ],
      },
      {
        kind: "text",
        look: "muted",
        at: [px, bottom + 2 * GAP + CAPITAL / 2],
        anchor: "middle",
        text: x.axis.text(tick),
      },
    ];
  });
  return [
    ...horizontal,
    ...vertical,
    {
      kind: "line",
      look: "axis",
      points: [
        [plot.x, bottom],
        [plot.x + plot.width, bottom],
      ],
    },
    {
      kind: "text",
      look: "muted",
      at: [plot.x + plot.width / 2, HEIGHT - GAP],
      anchor: "middle",
      text: x.label,
    },
    {
      kind: "text",
      look: "muted",
      at: [CAPITAL + 3, plot.y + plot.height / 2],
      anchor: "middle",
      upward: true,
      text: y.label,
    },
  ];
}

/** By what a line is wide, so that one along the edge is drawn whole. */
const grown = ({ x, y, width, height }: Box): Box => ({
  x: x - 1,
  y: y - 1,
  width: width + 2,
  height: height + 2,
});

function seriesMarks({ look, points }: Series, inside: Box, at: At): Mark[] {
  if (points.length === 0) return [];
  const placed = points.map(at);
  const every = Math.ceil(placed.length / MOST_DOTS);
  const dots =
    look === "validation"
      ? placed.filter((_, index) => index % every === 0 || index === placed.length - 1)
      : placed.length === 1
        ? placed
        : [];
  return [{ kind: "line", look, points: placed, inside }, ...dots.map((point) => dotAt(look, point))];
}

const dotAt = (look: SeriesLook, at: readonly [number, number]): Mark => ({
  kind: "dot",
  look: `${look}-dot`,
  at,
  radius: DOT,
});

/** The texts behind the last points, moved apart where they would touch. */
function endMarks(plot: Box, series: readonly Series[], at: At): Mark[] {
  const ends = series.flatMap(({ points, end }) => {
    const last = points.at(-1);
    return end === undefined || last === undefined ? [] : [{ end, height: at(last)[1] }];
  });
  ends.sort((a, b) => a.height - b.height);
  let lowest = -Infinity;
  return ends.map(({ end, height }): Mark => {
    const wanted = Math.min(Math.max(height, plot.y), plot.y + plot.height) + CAPITAL / 2;
    lowest = Math.max(wanted, lowest + LINE);
    return {
      kind: "text",
      look: "text",
      at: [plot.x + plot.width + GAP, lowest],
      anchor: "start",
      text: end,
    };
  });
}
