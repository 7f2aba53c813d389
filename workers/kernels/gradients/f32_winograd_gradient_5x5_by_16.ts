import { winogradGradient } from "./winograd_gradient";

/** Tiles of 5 x 5 outputs, of filters of 3 x 3 taps. */
export function f32_winograd_gradient_5x5_by_16(address: usize, slot: i32, image: i32): void {
  winogradGradient(address, slot, image, 5, 16);
}
