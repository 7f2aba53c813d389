/** What must hold of every file, however damaged: it is read to finite numbers, or refused by one clear error. */
import { AlexNetError } from "../../lib/errors/base.js";
import { elementsOf } from "../../lib/network/shapes.js";
import { loadWeights } from "../../lib/weights/load.js";
import type { ColumnReader, Weights } from "../../lib/weights/weights.js";

/** Milliseconds for one file. */
export const LONGEST = 1000;
/** Bytes that one file may hold in memory above what was there before. */
export const MOST_MEMORY = 200e6;
const REFUSALS: readonly string[] = [
  "WEIGHTS_INVALID",
  "WEIGHTS_UNREADABLE",
  "WEIGHTS_MISMATCH",
  "NETWORK_INVALID",
];
/** Elements that are read at a time. */
const PIECE = 1 << 16;

/**
 * Reads a weight file and all of its numbers.
 * @throws AlexNetError where it is refused, Error where what is read is not what it must be.
 */
export async function readNumbers(path: string): Promise<Weights> {
  const weights = await loadWeights(path);
  await weights.stream(async (read, columns) => {
    for (const { name, shape } of weights.tensors.values()) {
      const elements = elementsOf(shape);
      if (!Number.isSafeInteger(elements)) throw new Error(`${name} has shape [${shape.join(", ")}]`);
      for (let at = 0; at < elements; at += PIECE) {
        const out = new Float32Array(Math.min(PIECE, elements - at)).fill(NaN);
        await read(name, at, out);
        if (!out.every(Number.isFinite)) throw new Error(`${name} holds what is not finite`);
        if (columns && out.length === elements) await compareColumns(columns, name, out);
      }
    }
  });
  return weights;
}

/** @throws Error where a tensor that is read column by column is another than by rows. */
async function compareColumns(columns: ColumnReader, name: string, rows: Float32Array): Promise<void> {
  const order = columns.order(name);
  if (order === undefined) return;
  const found = new Float32Array(rows.length);
  await columns.read(name, 0, found);
  const height = rows.length / order.length;
  for (const [at, column] of order.entries())
    for (let row = 0; row < height; row++)
      if (rows[row * order.length + column] !== found[at * height + row])
        throw new Error(`${name}: row ${row}, column ${column} is another one where columns are read`);
}

/**
 * Reads a weight file and all of its numbers.
 * @returns whether it was refused.
 * @throws Error that says which rule is broken; anything that is no AlexNetError.
 */
export async function readOrRefuse(path: string): Promise<"read" | "refused"> {
  try {
    await readNumbers(path);
    return "read";
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    if (!REFUSALS.includes(error.code))
      throw new Error(`refused with ${error.code}: ${error.message}`, { cause: error });
    if (!error.message.startsWith(`${path}: `))
      throw new Error(`the file is not named: ${error.message}`, { cause: error });
    return "refused";
  }
}
