import { weightsGradientPacked } from "./weights_gradient_packed";

/** Tiles of 4 elements of a window by 8 output channels. */
export function f32_weights_gradient_packed_4x8(address: usize, image: i32, slot: i32): void {
  weightsGradientPacked(address, image, slot, 4, 8);
}
