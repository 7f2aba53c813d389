import { winogradOutput } from "./winograd_output";

/** Tiles of 5 x 5 outputs, of filters of 3 x 3 taps. */
export function f32_winograd_output_5x5(address: usize, inputImage: i32, outputImage: i32): void {
  winogradOutput(address, inputImage, outputImage, 5);
}
