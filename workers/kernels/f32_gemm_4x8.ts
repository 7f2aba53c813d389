import { f32_gemm_1x32, REST } from "./f32_gemm_1x32";
import { madd } from "./madd";
import { GemmStep } from "./steps";

const MR = 4;
const NR = 8;

/**
 * Y = X W for one of several planes: X [rows][depth], W packed [panels][depth][NR]. A tile of 4 rows by 8 columns
 * stays in registers; panels are the inner loop, so that the rows of a tile are read from memory once. Every output
 * is one chain of multiply-adds over the depth. A row that is left goes by f32_gemm_1x32.
 */
export function f32_gemm_4x8(address: usize, inputPlane: i32, outputPlane: i32): void {
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
      f32_gemm_1x32(rows, outputs, weights, step.depth, step.panelTo - step.panelFrom);
      return;
    }
    let b = weights;
    for (let panel = step.panelFrom; panel < step.panelTo; panel++) {
      let a0 = rows;
      let a1 = a0 + inputRow;
      let a2 = a1 + inputRow;
      let a3 = a2 + inputRow;
      let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
      let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
      let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
      let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
      for (const end = a0 + depthBytes; a0 < end; ) {
        const b0 = v128.load(b, 0);
        const b1 = v128.load(b, 16);
        const x0 = v128.load32_splat(a0);
        c00 = madd(x0, b0, c00);
        c01 = madd(x0, b1, c01);
        const x1 = v128.load32_splat(a1);
        c10 = madd(x1, b0, c10);
        c11 = madd(x1, b1, c11);
        const x2 = v128.load32_splat(a2);
        c20 = madd(x2, b0, c20);
        c21 = madd(x2, b1, c21);
        const x3 = v128.load32_splat(a3);
        c30 = madd(x3, b0, c30);
        c31 = madd(x3, b1, c31);
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        b += 32;
      }
      let y = outputs + <usize>((panel - step.panelFrom) * (NR << 2));
      v128.store(y, c00, 0);
      v128.store(y, c01, 16);
      y += outputRow;
      v128.store(y, c10, 0);
      v128.store(y, c11, 16);
      y += outputRow;
      v128.store(y, c20, 0);
      v128.store(y, c21, 16);
      y += outputRow;
      v128.store(y, c30, 0);
      v128.store(y, c31, 16);
    }
    rows += MR * inputRow;
  }
}
