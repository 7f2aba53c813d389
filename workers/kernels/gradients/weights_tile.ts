import { f32_outer_products_4x8, f32_outer_products_4x8_chained } from "./f32_outer_products_4x8";
import { f32_outer_products_6x16, f32_outer_products_6x16_chained } from "./f32_outer_products_6x16";
import { WeightsGradientStep } from "./steps";

/** Room for the largest tile: the beginning of the scratch of what sums outer products. */
export const TILE = 6 * 16 * 4;

/** What a tile is added to that only is stored. */
const ZEROS = memory.data(TILE, 16);

/**
 * One tile of dW [K][NR], whose first row is at `place`: of its `tileRows` rows the first `skipped` are not kept, those
 * from `kept` on are not there, and neither are channels from `valid` on. A tile that is not whole goes by the scratch.
 */
@inline
export function sumTile(
  input: usize,
  inputColumn: usize,
  inputSkip: usize,
  gradient: usize,
  rows: i32,
  columns: i32,
  place: usize,
  skipped: i32,
  kept: i32,
  valid: i32,
  accumulate: i32,
  scratch: usize,
  tileRows: i32,
  tileColumns: i32,
): void {
  const whole = i32(skipped == 0) & i32(kept == tileRows) & i32(valid == tileColumns);
  // by select: a branch would part the loads that V8 fuses
  const from = select<usize>(place, ZEROS, accumulate);
  const to = select<usize>(place, scratch, whole);
  if (tileColumns == 16)
    f32_outer_products_6x16(input, inputColumn, inputSkip, gradient, rows, columns, from, to);
  else f32_outer_products_4x8(input, inputColumn, inputSkip, gradient, rows, columns, from, to);
  if (whole) return;
  keepTile(place, scratch, skipped, kept, valid, tileColumns);
}

/** The same of positions in a row, all of whose channels are kept; the sums go on from what is there. */
@inline
export function goOnTile(
  input: usize,
  inputColumn: usize,
  gradient: usize,
  positions: i32,
  place: usize,
  skipped: i32,
  accumulate: i32,
  scratch: usize,
  tileRows: i32,
  tileColumns: i32,
): void {
  const from = select<usize>(place, ZEROS, accumulate);
  const to = select<usize>(place, scratch, skipped == 0);
  if (tileColumns == 16) f32_outer_products_6x16_chained(input, inputColumn, gradient, positions, from, to);
  else f32_outer_products_4x8_chained(input, inputColumn, gradient, positions, from, to);
  if (skipped > 0) keepTile(place, scratch, skipped, tileRows, tileColumns, tileColumns);
}

@inline
function keepTile(
  place: usize,
  scratch: usize,
  skipped: i32,
  kept: i32,
  valid: i32,
  tileColumns: i32,
): void {
  const row = <usize>(tileColumns << 2);
  const bytes = <usize>(valid << 2);
  for (let r = skipped; r < kept; r++) {
    const at = <usize>r * row;
    for (let c: usize = 0; c < bytes; c += 4) store<f32>(place + at + c, load<f32>(scratch + at + c));
  }
}

/** The channels of one panel of dy to [positions][NR] at `to`; 0 for those that do not exist. */
export function packGradient(step: WeightsGradientStep, slot: i32, panel: i32, tileColumns: i32, to: usize): void {
  const channel = panel * tileColumns;
  const row = <usize>(tileColumns << 2);
  const bytes = min(<usize>((step.channels - channel) << 2), row);
  const skip = <usize>(step.gradientRow - step.columns * step.gradientColumn);
  let from = <usize>(step.gradient + slot * step.gradientImage + (channel << 2));
  for (let y = step.rows; y > 0; y--, from += skip)
    for (let x = step.columns; x > 0; x--, from += step.gradientColumn, to += row) {
      if (bytes == row) {
        for (let at: usize = 0; at < row; at += 16) v128.store(to + at, v128.load(from + at));
        continue;
      }
      for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
      for (let at = bytes; at < row; at += 4) store<f32>(to + at, 0);
    }
}
