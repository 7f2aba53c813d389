import ndarray from "ndarray";
import type { FloatArray } from "./tensors.js";

/** Probabilities of one image's logits, in float64; the largest is subtracted first, so that no exponent overflows. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponents = values.map((value) => Math.exp(value - largest));
  const sum = exponents.reduce((a, b) => a + b, 0);
  return exponents.map((exponent) => exponent / sum);
}

/** Softmax over the classes of [N, classes], or over the channels of every pixel of [N, C, H, W]; row-major. */
export function probabilities(logits: FloatArray): FloatArray {
  const [images, classes, ...map] = logits.shape;
  const pixels = map.reduce((product, size) => product * size, 1);
  const result = new Float32Array(logits.data.length);
  for (let n = 0; n < images; n++)
    for (let pixel = 0; pixel < pixels; pixel++) {
      const first = n * classes * pixels + pixel;
      const values = Float32Array.from({ length: classes }, (_, c) => logits.data[first + c * pixels]);
      softmax(values).forEach((probability, c) => {
        result[first + c * pixels] = probability;
      });
    }
  return ndarray(result, [...logits.shape]);
}
