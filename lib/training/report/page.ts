/** The report as one page that needs nothing else. */
import { escapeHtml } from "../../pictures/escape.js";
import { svgOf } from "../../pictures/picture.js";
import { DARK, LIGHT, pictureStyle, type Palette } from "../../pictures/style.js";
import { sumOf, worstMistakes } from "./confusion.js";
import { epochColumns, factsOf } from "./facts.js";
import type { Report } from "./collect.js";

/** Mistakes that are listed. */
const MISTAKES = 10;

const pageStyle = ({ paper, text, muted, grid }: Palette): string => `
body{background:${paper};color:${text}}
th,td,figure{border-color:${grid}}
figcaption,.note,th{color:${muted}}
`;

const STYLE = `
:root{color-scheme:light dark}
body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif}
h1{margin:0 0 0.5rem;font-size:1.6rem}
h2{margin:2.5rem 0 0.5rem;font-size:1.2rem}
figure{margin:1.5rem 0}
figcaption,.note{font-size:13px}
svg{display:block;width:100%;font-family:system-ui,sans-serif;font-variant-numeric:tabular-nums}
svg.matrix{width:auto;max-width:100%;max-height:90vh}
svg image,img{image-rendering:pixelated}
img{display:block;max-width:100%}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:0.2rem 1.2rem 0.2rem 0;border-bottom:1px solid;text-align:left;vertical-align:top;white-space:nowrap}
th{font-weight:normal}
.number{text-align:right}
summary{cursor:pointer}
pre{overflow-x:auto;font-size:13px}
${pageStyle(LIGHT)}${pictureStyle(LIGHT)}
@media (prefers-color-scheme:dark){${pageStyle(DARK)}${pictureStyle(DARK)}}
`;

export function pageOf(report: Report): string {
  const title = `Training of ${report.checkpoint?.network.name ?? "a network"}`;
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    `<title>${escapeHtml(title)}</title>\n<style>${STYLE}</style>\n</head>\n<body>\n`,
    `<h1>${escapeHtml(title)}</h1>\n`,
    table(
      [],
      factsOf(report).map(([name, value]) => [name, value]),
    ),
    ...report.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>\n`),
    ...curves(report),
    ...kernels(report),
    ...confusion(report),
    ...epochs(report),
    ...recipe(report),
    "</body>\n</html>\n",
  ].join("");
}

function curves({ curves: drawn }: Report): string[] {
  if (drawn.length === 0) return ["<p>There are no rows of metrics yet.</p>\n"];
  return [
    "<h2>Curves</h2>\n",
    '<p class="note">Training: the images as they are varied, with dropout, each by the weights of its step; the line is',
    " an epoch's mean, amid the epoch, and the faint one the steps'. Validation: by the weights of the epoch's end.</p>\n",
    ...drawn.map(({ name, picture }) => figure(svgOf(picture, "font"), `${name}.png`)),
  ];
}

function kernels({ kernels: drawn }: Report): string[] {
  if (drawn === undefined) return [];
  const { png, of } = drawn;
  return [
    "<h2>First layer</h2>\n",
    figure(
      `<img alt="Kernels of the first convolution" src="data:image/png;base64,${png.toString("base64")}">`,
      "filters.png",
      `The first convolution's kernels by ${of}, each from its smallest weight to its largest.`,
    ),
  ];
}

function confusion({ confusion: found }: Report): string[] {
  if (found === undefined) return [];
  const { confusion: matrix, picture } = found;
  const mistakes = worstMistakes(matrix, MISTAKES);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const { images, loss } = matrix;
  const measured = [
    ...(images === undefined ? [] : [`${images.toLocaleString("en-US")} images`]),
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(4)}`]),
  ];
  const classes = matrix.classes.map((name, index) => {
    const row = matrix.matrix[index];
    const total = sumOf(row);
    return [name, String(total), total === 0 ? "-" : percent(row[index] / total)];
  });
  return [
    "<h2>Which classes are taken for which</h2>\n",
    figure(
      svgOf(picture, "font").replace("<svg ", '<svg class="matrix" '),
      "confusion.png",
      [
        ...(measured.length === 0 ? [] : [`${measured.join(", ")}.`]),
        "A row a class. Blue is right, red is wrong; the darker, the larger the share of the row, by its root.",
      ].join(" "),
    ),
    mistakes.length === 0
      ? ""
      : table(
          ["class", "taken for", "#images", "#of the class"],
          mistakes.map(({ is, takenFor, images, share }) => [is, takenFor, String(images), percent(share)]),
        ),
    details("Each class", table(["class", "#images", "#right"], classes)),
  ];
}

function epochs({ rows }: Report): string[] {
  const { titles, cells } = epochColumns(rows);
  return cells.length === 0 ? [] : [details("Each epoch", table(titles, cells))];
}

const recipe = ({ checkpoint }: Report): string[] =>
  checkpoint === undefined
    ? []
    : [details("Recipe", `<pre>${escapeHtml(JSON.stringify(checkpoint.run.recipe, null, 2))}</pre>`)];

const figure = (content: string, file: string, caption = ""): string =>
  `<figure>${content}<figcaption>${escapeHtml(caption)} <a href="${escapeHtml(file)}">PNG</a></figcaption></figure>\n`;

const details = (title: string, content: string): string =>
  `<details><summary>${escapeHtml(title)}</summary>\n${content}</details>\n`;

/** Titles that begin with # are of numbers. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: "th" | "td", cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const numeric = titles.at(index)?.startsWith("#") ?? false;
        const text = tag === "th" ? cell.replace(/^#/, "") : cell;
        return `<${tag}${numeric ? ' class="number"' : ""}>${escapeHtml(text)}</${tag}>`;
      })
      .join("");
  const head = titles.length === 0 ? "" : `<thead><tr>${line("th", titles)}</tr></thead>\n`;
  const body = rows.map((cells) => `<tr>${line("td", cells)}</tr>\n`).join("");
  return `<div class="wide"><table>\n${head}<tbody>\n${body}</tbody>\n</table></div>\n`;
}
