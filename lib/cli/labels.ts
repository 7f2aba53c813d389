/** Class names from a file. */
import { readFile } from "node:fs/promises";
import { show } from "../errors/base.js";
import { cliErrors } from "../errors/cli.js";

/**
 * One label a line, by class; or a JSON array of strings.
 * @throws AlexNetError INPUT_INVALID.
 */
export async function readLabels(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw cliErrors.labelsUnreadable(path, cause);
  });
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  return text.trimStart().startsWith("[") ? fromJson(path, text) : text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function fromJson(path: string, text: string): string[] {
  let labels: unknown;
  try {
    labels = JSON.parse(text);
  } catch (cause) {
    throw cliErrors.labels(path, "no whole JSON array", cause);
  }
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string"))
    throw cliErrors.labels(path, show(labels));
  return labels;
}
