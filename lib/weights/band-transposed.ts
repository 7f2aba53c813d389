/**
 * Bands of a tensor whose neighbours in the file are of different rows, as of [in, out] that is wanted as [out, in]: what
 * is read is put into rows while a cache has it, so that rows are read from one end to the other afterwards.
 */

/** Elements that are read at a time. */
export const WINDOW = 1 << 18;
/** Rows that are written together: as many floats as two lines of a cache have, each of which is then read once. */
const ROWS = 32;

/** A band in memory. */
interface Rows {
  readonly rows: number;
  /** Elements from one row to the next. */
  readonly pitch: number;
}

/**
 * Fills the columns [start, end) of all rows. The file has a run of `rows` elements for each, one of each row.
 * @param placeOf where the run of a column begins; ascending
 */
export async function loadTransposed(
  read: (from: number, out: Float32Array) => Promise<void>,
  values: Float32Array,
  band: Rows,
  start: number,
  end: number,
  placeOf: (column: number) => number,
): Promise<void> {
  const { rows, pitch } = band;
  let window = new Float32Array(0);
  const readAt = async (place: number, length: number): Promise<Float32Array> => {
    if (window.length < length) window = new Float32Array(length);
    const found = window.subarray(0, length);
    await read(place, found);
    return found;
  };
  for (let column = start; column < end;) {
    const place = placeOf(column);
    const runs = [0];
    for (let next = column + 1; next < end; next++) {
      const run = placeOf(next) - place;
      if (run + rows > WINDOW) break;
      runs.push(run);
    }
    if (rows > WINDOW)
      for (let row = 0; row < rows; row += WINDOW) {
        const part = await readAt(place + row, Math.min(WINDOW, rows - row));
        transpose(part, runs, values, row * pitch + column, { rows: part.length, pitch });
      }
    else transpose(await readAt(place, runs[runs.length - 1] + rows), runs, values, column, band);
    column += runs.length;
  }
}

/** values[at + row * pitch + i] = window[runs[i] + row] */
function transpose(
  window: Float32Array,
  runs: readonly number[],
  values: Float32Array,
  at: number,
  { rows, pitch }: Rows,
): void {
  const whole = runs.length - (runs.length % 4);
  for (let first = 0; first < rows; first += ROWS) {
    const last = Math.min(first + ROWS, rows);
    for (let i = 0; i < whole; i += 4) {
      const a = runs[i];
      const b = runs[i + 1];
      const c = runs[i + 2];
      const d = runs[i + 3];
      for (let row = first, to = at + first * pitch + i; row < last; row++, to += pitch) {
        values[to] = window[a + row];
        values[to + 1] = window[b + row];
        values[to + 2] = window[c + row];
        values[to + 3] = window[d + row];
      }
    }
    for (let i = whole; i < runs.length; i++)
      for (let row = first, to = at + first * pitch + i; row < last; row++, to += pitch)
        values[to] = window[runs[i] + row];
  }
}
