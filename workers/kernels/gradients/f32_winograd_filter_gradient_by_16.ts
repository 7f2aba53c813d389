import { winogradFilterGradient } from "./winograd_filter_gradient";

export function f32_winograd_filter_gradient_by_16(address: usize, inputPanel: i32, outputPanel: i32): void {
  winogradFilterGradient(address, inputPanel, outputPanel, 16);
}
