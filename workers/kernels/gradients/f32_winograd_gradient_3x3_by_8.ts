import { winogradGradient } from "./winograd_gradient";

/** Tiles of 3 x 3 outputs, of filters of 5 x 5 taps. */
export function f32_winograd_gradient_3x3_by_8(address: usize, slot: i32, image: i32): void {
  winogradGradient(address, slot, image, 3, 8);
}
