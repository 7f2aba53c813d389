import { winogradFilter } from "./winograd_filter";

export function f32_winograd_filter_by_8(address: usize, inputPanel: i32, outputPanel: i32): void {
  winogradFilter(address, inputPanel, outputPanel, 8);
}
