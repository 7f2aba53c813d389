/** What `score --resume` must know of the rows that are there: which images they are of, and whose they are. */
import { resolve } from "node:path";
import { cliErrors } from "../errors/cli.js";
import type { ScoreOptions } from "../scoring/options.js";
import type { FoundRow } from "../scoring/records.js";
import { isFailed } from "../scoring/rows.js";
import type { ScoringEngine } from "../scoring/scoring-engine.js";

/** The images that are none of `paths`, however either is written. */
export function imagesNotIn(paths: ReadonlySet<string>, images: readonly string[]): string[] {
  const places = new Set(Array.from(paths, (path) => resolve(path)));
  return images.filter((image) => !places.has(resolve(image)));
}

/**
 * Kernel sets differ by less: their logits agree to 1e-5 of the largest, and a probability moves by at most half of what
 * the logits move, which is 1e-4 for logits up to 20.
 */
const MOST_DIFFERENCE = 1e-4;
/** As a share of the largest, where all are small: initial weights give each class about as much. */
const MOST_SHARE = 1e-2;

/**
 * Scores the image of a row again, and so tells whether the weights and the options are those of the row. An image
 * that is gone tells nothing.
 * @throws AlexNetError OUTPUT_INVALID where they are not.
 */
export async function checkSameScores(
  out: string,
  row: FoundRow,
  engine: ScoringEngine,
  options: ScoreOptions,
): Promise<void> {
  const { classes } = engine.settings(options);
  const [again] = await engine.classify([row.path], { ...options, topK: classes, logits: false });
  if (isFailed(again)) return;
  const allowed = Math.min(MOST_DIFFERENCE, MOST_SHARE * row.top[0].probability);
  const byIndex = new Map(again.top.map((result) => [result.index, result]));
  row.top.forEach((was, place) => {
    // classes of the same probability may change places
    for (const is of [byIndex.get(was.index), again.top[place]])
      if (is && !(Math.abs(is.probability - was.probability) <= allowed))
        throw cliErrors.resumedDiffers(out, row.path, was, is);
  });
}
