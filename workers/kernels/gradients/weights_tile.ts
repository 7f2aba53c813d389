/** Adds or copies what exists of a tile, row by row, `row` bytes apart in both. */
export function keepRows(from: usize, to: usize, rows: i32, row: i32, valid: i32, accumulate: i32): void {
  for (let r = 0; r < rows; r++, from += row, to += row)
    for (let c: usize = 0; c < <usize>(valid << 2); c += 4) {
      const sum = load<f32>(from + c);
      store<f32>(to + c, accumulate ? load<f32>(to + c) + sum : sum);
    }
}
