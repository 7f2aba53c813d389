import { pooling } from "./pooling";

/** Max pooling. A NaN is passed over, as in Caffe. */
export function f32_maxpool(address: usize, inputImage: i32, outputImage: i32): void {
  pooling(address, inputImage, outputImage, false);
}
