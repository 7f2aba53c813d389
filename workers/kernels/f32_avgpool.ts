import { pooling } from "./pooling";

/** Average pooling: sums from 0 on, divided once. */
export function f32_avgpool(address: usize, inputImage: i32, outputImage: i32): void {
  pooling(address, inputImage, outputImage, true);
}
