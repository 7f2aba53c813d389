import { flipFilters } from "./flip_filters";

export function f32_flip_filters_by_8(address: usize, _: i32, panel: i32): void {
  flipFilters(address, panel, 8);
}
