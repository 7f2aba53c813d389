import { gemmGradient } from "./gemm_gradient";

export function f32_gemm_gradient_4x8(address: usize, inputPlane: i32, outputPlane: i32): void {
  gemmGradient(address, inputPlane, outputPlane, 4, 8);
}
