import { weightsGradient } from "./weights_gradient";

/** Tiles of 4 elements of a window by 8 output channels. */
export function f32_weights_gradient_4x8(address: usize, image: i32, slot: i32): void {
  weightsGradient(address, image, slot, 4, 8);
}
