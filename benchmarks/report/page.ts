/** All results as one page of HTML that needs nothing else. */
import { barChart } from "./bars.js";
import { escapeHtml } from "../../lib/pictures/escape.js";
import type { Result, Unreadable } from "./results.js";
import type { Section } from "./section.js";
import { STYLE } from "./style.js";
import { cellText, columnsOf, machineText } from "./text.js";

/**
 * By suite; of each suite the newest run on each Node version and processor is open, older ones and smoke tests are
 * folded up.
 */
export function pageOf(results: readonly Result[], unreadable: readonly Unreadable[]): string {
  const newestFirst = [...results].sort(
    (a, b) => Number(a.quick) - Number(b.quick) || (a.surroundings.date < b.surroundings.date ? 1 : -1),
  );
  const suites = [...new Set(newestFirst.map(({ suite }) => suite))].sort();
  const parts = suites.map((suite) =>
    suiteHtml(
      suite,
      newestFirst.filter((result) => result.suite === suite),
    ),
  );
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    `<title>alexnet-threads benchmarks</title>\n<style>\n${STYLE}</style>\n</head>\n<body>\n`,
    "<h1>alexnet-threads benchmarks</h1>\n",
    `<nav>${suites.map((suite) => `<a href="#${escapeHtml(suite)}">${escapeHtml(suite)}</a>`).join(" ")}</nav>\n`,
    ...parts,
    ...unreadable.map(
      ({ file, reason }) => `<p>${escapeHtml(file)} holds no result: ${escapeHtml(reason)}</p>\n`,
    ),
    "</body>\n</html>\n",
  ].join("");
}

function suiteHtml(suite: string, results: readonly Result[]): string {
  const seen = new Set<string>();
  const runs = results.map((result) => {
    const { cpu, node } = result.surroundings;
    const place = `${cpu}, ${node}`;
    const open = !seen.has(place);
    seen.add(place);
    return runHtml(result, open);
  });
  return `<h2 id="${escapeHtml(suite)}">${escapeHtml(suite)}</h2>\n${runs.join("")}`;
}

function runHtml({ quick, surroundings: at, sections }: Result, open: boolean): string {
  const when = `${at.date.slice(0, 16).replace("T", " ")}, Node ${at.node.slice(1)}, ${at.cpu}`;
  const memory = `${(at.memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  const versions = `alexnet-threads ${at.version}, V8 ${at.v8}, ${at.platform}, ${memory}, V8 flags: ${at.flags.join(" ") || "none"}`;
  return [
    `<details${open ? " open" : ""}><summary>${escapeHtml(when)}${quick ? " (smoke test: its figures mean nothing)" : ""}</summary>\n`,
    `<p class="machine">${escapeHtml(versions)}</p>\n`,
    ...sections.map((section) => sectionHtml(section, machineText(section, at))),
    "</details>\n",
  ].join("");
}

function sectionHtml(section: Section, machine: string): string {
  const columns = columnsOf(section);
  const cells = (tag: "th" | "td", textOf: (key: string, title: string) => string) =>
    columns
      .map(
        ({ key, title, numeric }) =>
          `<${tag}${numeric ? ' class="number"' : ""}>${escapeHtml(textOf(key, title))}</${tag}>`,
      )
      .join("");
  const rows = section.rows.map((row) => `<tr>${cells("td", (key) => cellText(row, key))}</tr>\n`);
  return [
    `<section><h3>${escapeHtml(section.title)}</h3>\n<p class="machine">${escapeHtml(machine)}</p>\n`,
    barChart(section) ?? "",
    `\n<div class="wide"><table>\n<thead><tr>${cells("th", (_, title) => title)}</tr></thead>\n`,
    `<tbody>\n${rows.join("")}</tbody>\n</table></div></section>\n`,
  ].join("");
}
