import { madd } from "./madd";

const NR = 16;
/** Panels that are read side by side. */
const PANELS = 2;
/** Rows that are left behind whole tiles of f32_gemm_6x16, at most: half of one would be computed for nothing. */
export const REST = 3;

/** REST rows of a product, their outputs and the packed panels from the first one on; see f32_gemm_6x16. */
export function f32_gemm_3x32(
  rows: usize,
  inputRow: usize,
  outputs: usize,
  outputRow: usize,
  weights: usize,
  depth: i32,
  panels: i32,
): void {
  const panelBytes = <usize>(depth * (NR << 2));
  const depthBytes = <usize>(depth << 2);
  for (let panel = 0; panel < panels; panel += PANELS) {
    // of an odd number of panels the last is computed twice, and stored twice to the same place
    const next = min(panel + 1, panels - 1);
    let w0 = weights + <usize>panel * panelBytes;
    let w1 = weights + <usize>next * panelBytes;
    let a0 = rows;
    let a1 = a0 + inputRow;
    let a2 = a1 + inputRow;
    let c000 = f32x4.splat(0), c001 = f32x4.splat(0), c002 = f32x4.splat(0), c003 = f32x4.splat(0);
    let c010 = f32x4.splat(0), c011 = f32x4.splat(0), c012 = f32x4.splat(0), c013 = f32x4.splat(0);
    let c020 = f32x4.splat(0), c021 = f32x4.splat(0), c022 = f32x4.splat(0), c023 = f32x4.splat(0);
    let c100 = f32x4.splat(0), c101 = f32x4.splat(0), c102 = f32x4.splat(0), c103 = f32x4.splat(0);
    let c110 = f32x4.splat(0), c111 = f32x4.splat(0), c112 = f32x4.splat(0), c113 = f32x4.splat(0);
    let c120 = f32x4.splat(0), c121 = f32x4.splat(0), c122 = f32x4.splat(0), c123 = f32x4.splat(0);
    for (const end = a0 + depthBytes; a0 < end; ) {
      const x0 = v128.load32_splat(a0);
      const x1 = v128.load32_splat(a1);
      const x2 = v128.load32_splat(a2);
      const b00 = v128.load(w0, 0);
      const b01 = v128.load(w0, 16);
      const b02 = v128.load(w0, 32);
      const b03 = v128.load(w0, 48);
      c000 = madd(x0, b00, c000);
      c001 = madd(x0, b01, c001);
      c002 = madd(x0, b02, c002);
      c003 = madd(x0, b03, c003);
      c010 = madd(x1, b00, c010);
      c011 = madd(x1, b01, c011);
      c012 = madd(x1, b02, c012);
      c013 = madd(x1, b03, c013);
      c020 = madd(x2, b00, c020);
      c021 = madd(x2, b01, c021);
      c022 = madd(x2, b02, c022);
      c023 = madd(x2, b03, c023);
      w0 += NR << 2;
      const b10 = v128.load(w1, 0);
      const b11 = v128.load(w1, 16);
      const b12 = v128.load(w1, 32);
      const b13 = v128.load(w1, 48);
      c100 = madd(x0, b10, c100);
      c101 = madd(x0, b11, c101);
      c102 = madd(x0, b12, c102);
      c103 = madd(x0, b13, c103);
      c110 = madd(x1, b10, c110);
      c111 = madd(x1, b11, c111);
      c112 = madd(x1, b12, c112);
      c113 = madd(x1, b13, c113);
      c120 = madd(x2, b10, c120);
      c121 = madd(x2, b11, c121);
      c122 = madd(x2, b12, c122);
      c123 = madd(x2, b13, c123);
      w1 += NR << 2;
      a0 += 4;
      a1 += 4;
      a2 += 4;
    }
    let y0 = outputs + <usize>(panel * (NR << 2));
    v128.store(y0, c000, 0);
    v128.store(y0, c001, 16);
    v128.store(y0, c002, 32);
    v128.store(y0, c003, 48);
    y0 += outputRow;
    v128.store(y0, c010, 0);
    v128.store(y0, c011, 16);
    v128.store(y0, c012, 32);
    v128.store(y0, c013, 48);
    y0 += outputRow;
    v128.store(y0, c020, 0);
    v128.store(y0, c021, 16);
    v128.store(y0, c022, 32);
    v128.store(y0, c023, 48);
    let y1 = outputs + <usize>(next * (NR << 2));
    v128.store(y1, c100, 0);
    v128.store(y1, c101, 16);
    v128.store(y1, c102, 32);
    v128.store(y1, c103, 48);
    y1 += outputRow;
    v128.store(y1, c110, 0);
    v128.store(y1, c111, 16);
    v128.store(y1, c112, 32);
    v128.store(y1, c113, 48);
    y1 += outputRow;
    v128.store(y1, c120, 0);
    v128.store(y1, c121, 16);
    v128.store(y1, c122, 32);
    v128.store(y1, c123, 48);
  }
}
