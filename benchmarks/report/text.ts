/** Sections as tables for the terminal, and the words that the page has in common with them. */
import { left, measured, right, table } from "../../lib/cli/table.js";
import type { Row, Section } from "./section.js";
import type { Surroundings } from "./surroundings.js";

/** 1 thread, 2 threads. */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The machine and what ran on it, in a line. */
export function machineText({ kernels, convolutions = {}, threads }: Section, at: Surroundings): string {
  const set = kernels === undefined ? "" : `, kernel set ${kernels}`;
  const layers = winogradText(convolutions);
  const algorithms = layers === "" ? "" : `, ${layers} by Winograd`;
  const machine = `${at.cpu}, ${plural(at.cores, "core")}, Node ${at.node.slice(1)}`;
  return `${machine}${set}${algorithms}, ${plural(threads, "thread")}, ${at.date.slice(0, 10)}`;
}

/** The layers that Winograd computes. */
export const winogradText = (convolutions: NonNullable<Section["convolutions"]>): string =>
  Object.keys(convolutions)
    .filter((layer) => convolutions[layer] === "winograd")
    .join(" ");

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Numbers stand to the right. */
  readonly numeric: boolean;
}

export const columnsOf = ({ columns, rows }: Section): Column[] =>
  Object.entries(columns).map(([key, title]) => ({
    key,
    title,
    numeric: rows.some((row) => typeof row[key] === "number"),
  }));

/** A cell as a person reads it; empty where the row has nothing there. */
export function cellText(row: Row, key: string): string {
  const value = (row as Readonly<Record<string, string | number | undefined>>)[key];
  return typeof value === "number" ? measured(value) : (value ?? "");
}

/** A section with the machine above it, ready to print. */
export function sectionText(section: Section, at: Surroundings): string {
  const columns = columnsOf(section);
  return [
    `\n${section.title}\n`,
    `${machineText(section, at)}\n`,
    table(
      columns.map(({ title, numeric }) => (numeric ? right(title) : left(title))),
      section.rows.map((row) => columns.map(({ key }) => cellText(row, key))),
    ),
  ].join("");
}
