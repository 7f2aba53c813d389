import { madd } from "../madd";

const NR = 16;

/**
 * The tile of sums of outer products: 6 neighbours of x by 16 of dy stay in registers while the positions go by, row by
 * row; dy [positions][NR] lies in one piece. Every sum is one chain of multiply-adds in the order of the positions, then
 * added to `from` and stored at `to`, both [6][NR].
 */
export function f32_outer_products_6x16(
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
export function f32_outer_products_6x16_chained(
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
  let c02 = chained ? v128.load(from, 32) : f32x4.splat(0);
  let c03 = chained ? v128.load(from, 48) : f32x4.splat(0);
  let c10 = chained ? v128.load(from, 64) : f32x4.splat(0);
  let c11 = chained ? v128.load(from, 80) : f32x4.splat(0);
  let c12 = chained ? v128.load(from, 96) : f32x4.splat(0);
  let c13 = chained ? v128.load(from, 112) : f32x4.splat(0);
  let c20 = chained ? v128.load(from, 128) : f32x4.splat(0);
  let c21 = chained ? v128.load(from, 144) : f32x4.splat(0);
  let c22 = chained ? v128.load(from, 160) : f32x4.splat(0);
  let c23 = chained ? v128.load(from, 176) : f32x4.splat(0);
  let c30 = chained ? v128.load(from, 192) : f32x4.splat(0);
  let c31 = chained ? v128.load(from, 208) : f32x4.splat(0);
  let c32 = chained ? v128.load(from, 224) : f32x4.splat(0);
  let c33 = chained ? v128.load(from, 240) : f32x4.splat(0);
  let c40 = chained ? v128.load(from, 256) : f32x4.splat(0);
  let c41 = chained ? v128.load(from, 272) : f32x4.splat(0);
  let c42 = chained ? v128.load(from, 288) : f32x4.splat(0);
  let c43 = chained ? v128.load(from, 304) : f32x4.splat(0);
  let c50 = chained ? v128.load(from, 320) : f32x4.splat(0);
  let c51 = chained ? v128.load(from, 336) : f32x4.splat(0);
  let c52 = chained ? v128.load(from, 352) : f32x4.splat(0);
  let c53 = chained ? v128.load(from, 368) : f32x4.splat(0);
  for (let row = rows; row > 0; row--) {
    for (const end = b + line; b < end; ) {
      const b0 = v128.load(b, 0);
      const b1 = v128.load(b, 16);
      const b2 = v128.load(b, 32);
      const b3 = v128.load(b, 48);
      const x0 = v128.load32_splat(a, 0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      c02 = madd(x0, b2, c02);
      c03 = madd(x0, b3, c03);
      const x1 = v128.load32_splat(a, 4);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      c12 = madd(x1, b2, c12);
      c13 = madd(x1, b3, c13);
      const x2 = v128.load32_splat(a, 8);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      c22 = madd(x2, b2, c22);
      c23 = madd(x2, b3, c23);
      const x3 = v128.load32_splat(a, 12);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      c32 = madd(x3, b2, c32);
      c33 = madd(x3, b3, c33);
      const x4 = v128.load32_splat(a, 16);
      c40 = madd(x4, b0, c40);
      c41 = madd(x4, b1, c41);
      c42 = madd(x4, b2, c42);
      c43 = madd(x4, b3, c43);
      const x5 = v128.load32_splat(a, 20);
      c50 = madd(x5, b0, c50);
      c51 = madd(x5, b1, c51);
      c52 = madd(x5, b2, c52);
      c53 = madd(x5, b3, c53);
      a += inputColumn;
      b += NR << 2;
    }
    a += inputSkip;
  }
  const y00 = chained ? c00 : f32x4.add(v128.load(from, 0), c00);
  const y01 = chained ? c01 : f32x4.add(v128.load(from, 16), c01);
  const y02 = chained ? c02 : f32x4.add(v128.load(from, 32), c02);
  const y03 = chained ? c03 : f32x4.add(v128.load(from, 48), c03);
  v128.store(to, y00, 0);
  v128.store(to, y01, 16);
  v128.store(to, y02, 32);
  v128.store(to, y03, 48);
  const y10 = chained ? c10 : f32x4.add(v128.load(from, 64), c10);
  const y11 = chained ? c11 : f32x4.add(v128.load(from, 80), c11);
  const y12 = chained ? c12 : f32x4.add(v128.load(from, 96), c12);
  const y13 = chained ? c13 : f32x4.add(v128.load(from, 112), c13);
  v128.store(to, y10, 64);
  v128.store(to, y11, 80);
  v128.store(to, y12, 96);
  v128.store(to, y13, 112);
  const y20 = chained ? c20 : f32x4.add(v128.load(from, 128), c20);
  const y21 = chained ? c21 : f32x4.add(v128.load(from, 144), c21);
  const y22 = chained ? c22 : f32x4.add(v128.load(from, 160), c22);
  const y23 = chained ? c23 : f32x4.add(v128.load(from, 176), c23);
  v128.store(to, y20, 128);
  v128.store(to, y21, 144);
  v128.store(to, y22, 160);
  v128.store(to, y23, 176);
  const y30 = chained ? c30 : f32x4.add(v128.load(from, 192), c30);
  const y31 = chained ? c31 : f32x4.add(v128.load(from, 208), c31);
  const y32 = chained ? c32 : f32x4.add(v128.load(from, 224), c32);
  const y33 = chained ? c33 : f32x4.add(v128.load(from, 240), c33);
  v128.store(to, y30, 192);
  v128.store(to, y31, 208);
  v128.store(to, y32, 224);
  v128.store(to, y33, 240);
  const y40 = chained ? c40 : f32x4.add(v128.load(from, 256), c40);
  const y41 = chained ? c41 : f32x4.add(v128.load(from, 272), c41);
  const y42 = chained ? c42 : f32x4.add(v128.load(from, 288), c42);
  const y43 = chained ? c43 : f32x4.add(v128.load(from, 304), c43);
  v128.store(to, y40, 256);
  v128.store(to, y41, 272);
  v128.store(to, y42, 288);
  v128.store(to, y43, 304);
  const y50 = chained ? c50 : f32x4.add(v128.load(from, 320), c50);
  const y51 = chained ? c51 : f32x4.add(v128.load(from, 336), c51);
  const y52 = chained ? c52 : f32x4.add(v128.load(from, 352), c52);
  const y53 = chained ? c53 : f32x4.add(v128.load(from, 368), c53);
  v128.store(to, y50, 320);
  v128.store(to, y51, 336);
  v128.store(to, y52, 352);
  v128.store(to, y53, 368);
}
