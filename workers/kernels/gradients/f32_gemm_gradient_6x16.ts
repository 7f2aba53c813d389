import { gemmGradient } from "./gemm_gradient";

export function f32_gemm_gradient_6x16(address: usize, inputPlane: i32, outputPlane: i32): void {
  gemmGradient(address, inputPlane, outputPlane, 6, 16);
}
