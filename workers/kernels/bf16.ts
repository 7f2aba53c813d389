// Words of two bfloat16, each the upper half of a float32, as float32.

@inline
export function lower(words: v128): v128 {
  return i32x4.shl(words, 16);
}

@inline
export function upper(words: v128): v128 {
  return v128.and(words, i32x4.splat(0xffff0000));
}
