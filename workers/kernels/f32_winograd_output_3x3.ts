import { winogradOutput } from "./winograd_output";

/** Tiles of 3 x 3 outputs, of filters of 5 x 5 taps. */
export function f32_winograd_output_3x3(address: usize, inputImage: i32, outputImage: i32): void {
  winogradOutput(address, inputImage, outputImage, 3);
}
