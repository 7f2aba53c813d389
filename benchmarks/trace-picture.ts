/**
 * A picture of a trace: node dist/benchmarks/trace-picture.js TRACE.json [FROM TO] > picture.svg, with a window in
 * milliseconds of the trace. A lane for each worker, the main thread and each decoder, a colour for each layer.
 */
import { readFileSync } from "node:fs";
import { escapeHtml } from "../lib/pictures/escape.js";

interface TraceEvent {
  readonly ph: string;
  readonly tid: number;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly name: string };
}

const WIDTH = 1200;
const LEFT = 130;
const LANE = 26;
const TOP = 8;
/** Steps of the scale that a reader counts in, in milliseconds; the first that gives at most 12 marks is taken. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function pictureOf(events: readonly TraceEvent[], window: readonly [number, number] | undefined): string {
  const spans = events.filter(({ ph }) => ph === "X");
  const begin = Math.min(...spans.map(({ ts }) => ts));
  const end = Math.max(...spans.map(({ ts, dur }) => ts + dur));
  const [from, to] = window ?? [0, (end - begin) / 1000];
  const at = (ms: number) =>
    LEFT + ((WIDTH - LEFT) * (Math.min(Math.max(ms, from), to) - from)) / (to - from);
  const lanes = events
    .filter(({ name }) => name === "thread_name")
    .map(({ tid, args }) => ({ tid, label: args?.name ?? "" }))
    .sort((a, b) => a.tid - b.tid);
  const rows = lanes.map(({ tid, label }, index) => {
    const y = TOP + index * LANE;
    const boxes = spans
      .filter((span) => span.tid === tid)
      .map((span) => ({
        ...span,
        left: (span.ts - begin) / 1000,
        right: (span.ts + span.dur - begin) / 1000,
      }))
      .filter(({ left, right }) => right > from && left < to)
      .map(({ name, left, right }) => box(name, at(left), at(right), y));
    return `<text x="0" y="${y + 16}">${escapeHtml(label)}</text>${boxes.join("")}`;
  });
  const height = TOP + lanes.length * LANE + 24;
  const step = STEPS.find((ms) => (to - from) / ms <= 12) ?? 1000;
  const marks: string[] = [];
  for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step)
    marks.push(
      `<line x1="${at(ms)}" x2="${at(ms)}" y1="${TOP}" y2="${height - 20}" stroke="#ddd"/>` +
        `<text x="${at(ms)}" y="${height - 6}" text-anchor="middle">${ms} ms</text>`,
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 20} ${height}" font-family="sans-serif" font-size="11" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>${marks.join("")}${rows.join("\n")}
</svg>
`;
}

function box(name: string, left: number, right: number, y: number): string {
  const width = Math.max(right - left, 0.3);
  const title = `<title>${escapeHtml(name)}</title>`;
  const shape = `<rect x="${left.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="${LANE - 6}" fill="${colourOf(name)}">${title}</rect>`;
  // wide enough for its own name, at six units a letter
  return width < 6 * name.length + 4 || name.includes("/")
    ? shape
    : `${shape}<text x="${((left + right) / 2).toFixed(2)}" y="${y + 14}" text-anchor="middle" font-size="10">${escapeHtml(name)}</text>`;
}

const HUES: Readonly<Record<string, number>> = { conv: 210, fc: 265, norm: 150, pool: 90, input: 35 };

/** Waiting is red; layers by their kind and number, images alike. */
function colourOf(name: string): string {
  if (name === "barrier") return "#e5484d";
  const kind = Object.keys(HUES).find((start) => name.startsWith(start));
  if (kind === undefined) return "#d5cfc4";
  const number = Number(name.slice(kind.length)) || 0;
  return `hsl(${HUES[kind]} 60% ${82 - 5 * number}%)`;
}

const words = process.argv.slice(2);
if (words.length !== 1 && words.length !== 3) {
  process.stderr.write("usage: trace-picture.js TRACE.json [FROM TO]\n");
  process.exit(2);
}
const [path, ...window] = words;
const { traceEvents } = JSON.parse(readFileSync(path, "utf8")) as { traceEvents: TraceEvent[] };
const [from, to] = window.map(Number);
process.stdout.write(pictureOf(traceEvents, window.length === 2 ? [from, to] : undefined));
