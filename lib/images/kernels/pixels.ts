/** Two neighbouring RGB pixels, the lowest six bytes, as i16: r R g G b B 0 0, ready for a product with two weights. */
@inline
export function spread(pixels: v128): v128 {
  return i8x16.swizzle(pixels, i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}
