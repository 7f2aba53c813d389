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
  let a = input;
  let b = gradient;
  const line = <usize>(columns * (NR << 2));
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
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
  const d00 = v128.load(from, 0);
  const d01 = v128.load(from, 16);
  v128.store(to, f32x4.add(d00, c00), 0);
  v128.store(to, f32x4.add(d01, c01), 16);
  const d10 = v128.load(from, 32);
  const d11 = v128.load(from, 48);
  v128.store(to, f32x4.add(d10, c10), 32);
  v128.store(to, f32x4.add(d11, c11), 48);
  const d20 = v128.load(from, 64);
  const d21 = v128.load(from, 80);
  v128.store(to, f32x4.add(d20, c20), 64);
  v128.store(to, f32x4.add(d21, c21), 80);
  const d30 = v128.load(from, 96);
  const d31 = v128.load(from, 112);
  v128.store(to, f32x4.add(d30, c30), 96);
  v128.store(to, f32x4.add(d31, c31), 112);
}
