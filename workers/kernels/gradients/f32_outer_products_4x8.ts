import { madd } from "../madd";

const NR = 8;

/**
 * The tile of sums of outer products: 4 neighbours of x by 8 of dy stay in registers while the positions go by, row by
 * row; dy [positions][NR] lies in one piece. Every sum is one chain of multiply-adds in the order of the positions, then
 * added to `from` and stored at `to`, both [4][NR].
 */
export function f32_outer_products_4x8(
  input: usize,
  inputColumn: usize,
  inputSkip: usize,
  gradient: usize,
  rows: i32,
  columns: i32,
  from: usize,
  to: usize,
): void {
  outerProducts(input, inputColumn, inputSkip, gradient, rows, columns, from, to, false);
}

/** The same, but the chain begins with what is at `from`. */
export function f32_outer_products_4x8_chained(
  input: usize,
  inputColumn: usize,
  gradient: usize,
  positions: i32,
  from: usize,
  to: usize,
): void {
  outerProducts(input, inputColumn, 0, gradient, 1, positions, from, to, true);
}

@inline
function outerProducts(
  input: usize,
  inputColumn: usize,
  inputSkip: usize,
  gradient: usize,
  rows: i32,
  columns: i32,
  from: usize,
  to: usize,
  chained: bool,
): void {
  let a = input;
  let b = gradient;
  const line = <usize>(columns * (NR << 2));
  let c00 = chained ? v128.load(from, 0) : f32x4.splat(0);
  let c01 = chained ? v128.load(from, 16) : f32x4.splat(0);
  let c10 = chained ? v128.load(from, 32) : f32x4.splat(0);
  let c11 = chained ? v128.load(from, 48) : f32x4.splat(0);
  let c20 = chained ? v128.load(from, 64) : f32x4.splat(0);
  let c21 = chained ? v128.load(from, 80) : f32x4.splat(0);
  let c30 = chained ? v128.load(from, 96) : f32x4.splat(0);
  let c31 = chained ? v128.load(from, 112) : f32x4.splat(0);
  for (let row = rows; row > 0; row--) {
    for (const end = b + line; b < end; ) {
      const b0 = v128.load(b, 0);
      const b1 = v128.load(b, 16);
      const x0 = v128.load32_splat(a, 0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      const x1 = v128.load32_splat(a, 4);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      const x2 = v128.load32_splat(a, 8);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      const x3 = v128.load32_splat(a, 12);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      a += inputColumn;
      b += NR << 2;
    }
    a += inputSkip;
  }
  const y00 = chained ? c00 : f32x4.add(v128.load(from, 0), c00);
  const y01 = chained ? c01 : f32x4.add(v128.load(from, 16), c01);
  v128.store(to, y00, 0);
  v128.store(to, y01, 16);
  const y10 = chained ? c10 : f32x4.add(v128.load(from, 32), c10);
  const y11 = chained ? c11 : f32x4.add(v128.load(from, 48), c11);
  v128.store(to, y10, 32);
  v128.store(to, y11, 48);
  const y20 = chained ? c20 : f32x4.add(v128.load(from, 64), c20);
  const y21 = chained ? c21 : f32x4.add(v128.load(from, 80), c21);
  v128.store(to, y20, 64);
  v128.store(to, y21, 80);
  const y30 = chained ? c30 : f32x4.add(v128.load(from, 96), c30);
  const y31 = chained ? c31 : f32x4.add(v128.load(from, 112), c31);
  v128.store(to, y30, 96);
  v128.store(to, y31, 112);
}
