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
  let a = input;
  let b = gradient;
  const line = <usize>(columns * (NR << 2));
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c42 = f32x4.splat(0), c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0), c52 = f32x4.splat(0), c53 = f32x4.splat(0);
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
  const d00 = v128.load(from, 0);
  const d01 = v128.load(from, 16);
  const d02 = v128.load(from, 32);
  const d03 = v128.load(from, 48);
  v128.store(to, f32x4.add(d00, c00), 0);
  v128.store(to, f32x4.add(d01, c01), 16);
  v128.store(to, f32x4.add(d02, c02), 32);
  v128.store(to, f32x4.add(d03, c03), 48);
  const d10 = v128.load(from, 64);
  const d11 = v128.load(from, 80);
  const d12 = v128.load(from, 96);
  const d13 = v128.load(from, 112);
  v128.store(to, f32x4.add(d10, c10), 64);
  v128.store(to, f32x4.add(d11, c11), 80);
  v128.store(to, f32x4.add(d12, c12), 96);
  v128.store(to, f32x4.add(d13, c13), 112);
  const d20 = v128.load(from, 128);
  const d21 = v128.load(from, 144);
  const d22 = v128.load(from, 160);
  const d23 = v128.load(from, 176);
  v128.store(to, f32x4.add(d20, c20), 128);
  v128.store(to, f32x4.add(d21, c21), 144);
  v128.store(to, f32x4.add(d22, c22), 160);
  v128.store(to, f32x4.add(d23, c23), 176);
  const d30 = v128.load(from, 192);
  const d31 = v128.load(from, 208);
  const d32 = v128.load(from, 224);
  const d33 = v128.load(from, 240);
  v128.store(to, f32x4.add(d30, c30), 192);
  v128.store(to, f32x4.add(d31, c31), 208);
  v128.store(to, f32x4.add(d32, c32), 224);
  v128.store(to, f32x4.add(d33, c33), 240);
  const d40 = v128.load(from, 256);
  const d41 = v128.load(from, 272);
  const d42 = v128.load(from, 288);
  const d43 = v128.load(from, 304);
  v128.store(to, f32x4.add(d40, c40), 256);
  v128.store(to, f32x4.add(d41, c41), 272);
  v128.store(to, f32x4.add(d42, c42), 288);
  v128.store(to, f32x4.add(d43, c43), 304);
  const d50 = v128.load(from, 320);
  const d51 = v128.load(from, 336);
  const d52 = v128.load(from, 352);
  const d53 = v128.load(from, 368);
  v128.store(to, f32x4.add(d50, c50), 320);
  v128.store(to, f32x4.add(d51, c51), 336);
  v128.store(to, f32x4.add(d52, c52), 352);
  v128.store(to, f32x4.add(d53, c53), 368);
}
