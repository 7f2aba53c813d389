// The module "resize": what lib/images/opencv.ts and lib/images/pil.ts call, over a memory of its own.
export { opencv } from "./opencv";
export { pil_across, pil_down } from "./pil";
