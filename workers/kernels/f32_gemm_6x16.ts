import { f32_gemm_3x32, REST } from "./f32_gemm_3x32";
import { madd } from "./madd";
import { GemmStep } from "./steps";

const MR = 6;
const NR = 16;

/**
 * Y = X W for one of several planes: X [rows][depth], W packed [panels][depth][NR]. A tile of 6 rows by 16 columns
 * stays in registers; panels are the inner loop, so that the rows of a tile are read from memory once. Every output
 * is one chain of multiply-adds over the depth. Three rows that are left go by f32_gemm_3x32.
 */
export function f32_gemm_6x16(address: usize, inputPlane: i32, outputPlane: i32): void {
  const step = changetype<GemmStep>(address);
  const inputRow = <usize>step.inputRow;
  const outputRow = <usize>step.outputRow;
  const depthBytes = <usize>(step.depth << 2);
  const weights =
    <usize>(step.weights + inputPlane * step.weightsPlane + step.panelFrom * step.depth * (NR << 2));
  const firstOutput = <usize>(step.output + outputPlane * step.outputPlane + step.panelFrom * (NR << 2));
  let rows = <usize>(step.input + inputPlane * step.inputPlane);
  for (let row = 0; row < step.rows; row += MR) {
    const outputs = firstOutput + <usize>row * outputRow;
    if (row + REST == step.rows) {
      f32_gemm_3x32(rows, inputRow, outputs, outputRow, weights, step.depth, step.panelTo - step.panelFrom);
      return;
    }
    let b = weights;
    for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
      let a0 = rows;
      let a1 = a0 + inputRow;
      let a2 = a1 + inputRow;
      let a3 = a2 + inputRow;
      let a4 = a3 + inputRow;
      let a5 = a4 + inputRow;
      let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
      let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
      let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
      let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
      let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c42 = f32x4.splat(0), c43 = f32x4.splat(0);
      let c50 = f32x4.splat(0), c51 = f32x4.splat(0), c52 = f32x4.splat(0), c53 = f32x4.splat(0);
      for (const end = a0 + depthBytes; a0 < end; ) {
        const b0 = v128.load(b, 0);
        const b1 = v128.load(b, 16);
        const b2 = v128.load(b, 32);
        const b3 = v128.load(b, 48);
        const x0 = v128.load32_splat(a0);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        c02 = madd(x0, b2, c02);
        c03 = madd(x0, b3, c03);
        const x1 = v128.load32_splat(a1);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        c12 = madd(x1, b2, c12);
        c13 = madd(x1, b3, c13);
        const x2 = v128.load32_splat(a2);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        c22 = madd(x2, b2, c22);
        c23 = madd(x2, b3, c23);
        const x3 = v128.load32_splat(a3);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        c32 = madd(x3, b2, c32);
        c33 = madd(x3, b3, c33);
        const x4 = v128.load32_splat(a4);
        c40 = madd(x4, b0, c40);
        c41 = madd(x4, b1, c41);
        c42 = madd(x4, b2, c42);
        c43 = madd(x4, b3, c43);
        const x5 = v128.load32_splat(a5);
        c50 = madd(x5, b0, c50);
        c51 = madd(x5, b1, c51);
        c52 = madd(x5, b2, c52);
        c53 = madd(x5, b3, c53);
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        a4 += 4;
        a5 += 4;
        b += 64;
      }
      let y = outputs + <usize>((panel - step.panelFrom) * (NR << 2));
      v128.store(y, c00, 0);
      v128.store(y, c01, 16);
      v128.store(y, c02, 32);
      v128.store(y, c03, 48);
      y += outputRow;
      v128.store(y, c10, 0);
      v128.store(y, c11, 16);
      v128.store(y, c12, 32);
      v128.store(y, c13, 48);
      y += outputRow;
      v128.store(y, c20, 0);
      v128.store(y, c21, 16);
      v128.store(y, c22, 32);
      v128.store(y, c23, 48);
      y += outputRow;
      v128.store(y, c30, 0);
      v128.store(y, c31, 16);
      v128.store(y, c32, 32);
      v128.store(y, c33, 48);
      y += outputRow;
      v128.store(y, c40, 0);
      v128.store(y, c41, 16);
      v128.store(y, c42, 32);
      v128.store(y, c43, 48);
      y += outputRow;
      v128.store(y, c50, 0);
      v128.store(y, c51, 16);
      v128.store(y, c52, 32);
      v128.store(y, c53, 48);
    }
    rows += MR * inputRow;
  }
}
