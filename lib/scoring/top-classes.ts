import type { ClassProbability } from "./rows.js";

/** The `count` most probable classes, best first; of equal ones the lower index first. */
export function topClasses(
  probabilities: Float64Array,
  count: number,
  labels: readonly string[] | undefined,
): ClassProbability[] {
  const best: number[] = [];
  probabilities.forEach((probability, index) => {
    if (best.length === count && probability <= probabilities[best[count - 1]]) return;
    const place = best.findIndex((other) => probability > probabilities[other]);
    best.splice(place < 0 ? best.length : place, 0, index);
    best.length = Math.min(best.length, count);
  });
  return best.map((index) => ({ index, label: labels?.[index] ?? null, probability: probabilities[index] }));
}
