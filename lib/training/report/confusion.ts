/** Which classes are taken for which: DIR/confusion.json. */
import { readFile } from "node:fs/promises";
import { confusionErrors } from "../../errors/training.js";
import { list, notNegative, nullOr, object, refuse, share, text, whole, type Check } from "../fields.js";

export interface Confusion {
  /** In the order of their indices. */
  readonly classes: readonly string[];
  /** `matrix[i][j]` images of class i were taken for class j. */
  readonly matrix: readonly (readonly number[])[];
  /** Share of the images whose class is the most probable one, 0 to 1. */
  readonly top1: number;
  /** Among the five most probable ones; null with fewer than six classes. */
  readonly top5: number | null;
  readonly images?: number;
  /** Mean cross-entropy, nats. */
  readonly loss?: number;
}

const fields = object(
  { classes: list(text), matrix: list(list(whole(0))), top1: share, top5: nullOr(share) },
  { images: whole(0), loss: notNegative },
);

const confusion: Check<Confusion> = (place) => {
  const checked = fields(place);
  const { classes, matrix } = checked;
  if (matrix.length !== classes.length || matrix.some((row) => row.length !== classes.length))
    return refuse(
      { ...place, at: "matrix", value: matrix },
      `${classes.length} rows of ${classes.length} numbers, as there are classes`,
    );
  return checked;
};

/**
 * Reads a confusion matrix, where there is one.
 * @throws AlexNetError RUN_INVALID where the file cannot be read or holds something else.
 */
export async function readConfusion(path: string): Promise<Confusion | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return confusion({ errors: confusionErrors, source: path, at: "", value });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw confusionErrors.unreadable(path, cause);
  }
}

/** Images of one class that were taken for another. */
export interface Mistake {
  readonly is: string;
  readonly takenFor: string;
  readonly images: number;
  /** Of all images of the class, 0 to 1. */
  readonly share: number;
}

/** The most frequent mistakes first, as many as there are up to `most`. */
export function worstMistakes({ classes, matrix }: Confusion, most: number): Mistake[] {
  return matrix
    .flatMap((row, is) => {
      const total = sumOf(row);
      return row.map((images, other) => ({
        wrong: is !== other && images > 0,
        mistake: { is: classes[is], takenFor: classes[other], images, share: images / total },
      }));
    })
    .filter(({ wrong }) => wrong)
    .map(({ mistake }) => mistake)
    .sort((a, b) => b.images - a.images || b.share - a.share)
    .slice(0, most);
}

export const sumOf = (row: readonly number[]): number => row.reduce((sum, images) => sum + images, 0);
