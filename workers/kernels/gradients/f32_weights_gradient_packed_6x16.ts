import { weightsGradientPacked } from "./weights_gradient_packed";

/** Tiles of 6 elements of a window by 16 output channels. */
export function f32_weights_gradient_packed_6x16(address: usize, image: i32, slot: i32): void {
  weightsGradientPacked(address, image, slot, 6, 16);
}
