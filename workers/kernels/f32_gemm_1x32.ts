import { madd } from "./madd";

const NR = 8;
/** Panels that are read side by side: enough chains of sums to hide the latency of an addition. */
const PANELS = 4;
/** Rows that are left behind whole tiles of f32_gemm_4x8: three quarters of one would be computed for nothing. */
export const REST = 1;

/** A row of a product, its outputs and the packed panels from the first one on; see f32_gemm_4x8. */
export function f32_gemm_1x32(row: usize, outputs: usize, weights: usize, depth: i32, panels: i32): void {
  const panelBytes = <usize>(depth * (NR << 2));
  const end = row + <usize>(depth << 2);
  const last = panels - 1;
  for (let panel = 0; panel < panels; panel += PANELS) {
    // panels that there are not are the last one again, which is then stored again to its place
    const p0 = <usize>panel;
    const p1 = <usize>min(panel + 1, last);
    const p2 = <usize>min(panel + 2, last);
    const p3 = <usize>min(panel + 3, last);
    let w0 = weights + p0 * panelBytes;
    let w1 = weights + p1 * panelBytes;
    let w2 = weights + p2 * panelBytes;
    let w3 = weights + p3 * panelBytes;
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    for (let a = row; a < end; a += 4) {
      const x = v128.load32_splat(a);
      c00 = madd(x, v128.load(w0, 0), c00);
      c01 = madd(x, v128.load(w0, 16), c01);
      w0 += NR << 2;
      c10 = madd(x, v128.load(w1, 0), c10);
      c11 = madd(x, v128.load(w1, 16), c11);
      w1 += NR << 2;
      c20 = madd(x, v128.load(w2, 0), c20);
      c21 = madd(x, v128.load(w2, 16), c21);
      w2 += NR << 2;
      c30 = madd(x, v128.load(w3, 0), c30);
      c31 = madd(x, v128.load(w3, 16), c31);
      w3 += NR << 2;
    }
    v128.store(outputs + p0 * (NR << 2), c00, 0);
    v128.store(outputs + p0 * (NR << 2), c01, 16);
    v128.store(outputs + p1 * (NR << 2), c10, 0);
    v128.store(outputs + p1 * (NR << 2), c11, 16);
    v128.store(outputs + p2 * (NR << 2), c20, 0);
    v128.store(outputs + p2 * (NR << 2), c21, 16);
    v128.store(outputs + p3 * (NR << 2), c30, 0);
    v128.store(outputs + p3 * (NR << 2), c31, 16);
  }
}
