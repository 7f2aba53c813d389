// Multiplication and addition as one instruction, as in kernel sets "relaxed" and "wide".

/**
 * c = x * y + c, `rounds` times in each of 12 accumulators of 4 lanes that stay in registers: enough of them that none
 * waits for its last result. At `address`: x, y, then the accumulators, which are read and written once, each 32 bytes
 * from the next, so that V8 cannot make pairs of them.
 */
export function fused(address: usize, rounds: i32): void {
  const x = v128.load(address, 0);
  const y = v128.load(address, 16);
  let c00 = v128.load(address, 32);
  let c01 = v128.load(address, 64);
  let c02 = v128.load(address, 96);
  let c03 = v128.load(address, 128);
  let c04 = v128.load(address, 160);
  let c05 = v128.load(address, 192);
  let c06 = v128.load(address, 224);
  let c07 = v128.load(address, 256);
  let c08 = v128.load(address, 288);
  let c09 = v128.load(address, 320);
  let c10 = v128.load(address, 352);
  let c11 = v128.load(address, 384);
  for (; rounds > 0; rounds--) {
    c00 = f32x4.relaxed_madd(x, y, c00);
    c01 = f32x4.relaxed_madd(x, y, c01);
    c02 = f32x4.relaxed_madd(x, y, c02);
    c03 = f32x4.relaxed_madd(x, y, c03);
    c04 = f32x4.relaxed_madd(x, y, c04);
    c05 = f32x4.relaxed_madd(x, y, c05);
    c06 = f32x4.relaxed_madd(x, y, c06);
    c07 = f32x4.relaxed_madd(x, y, c07);
    c08 = f32x4.relaxed_madd(x, y, c08);
    c09 = f32x4.relaxed_madd(x, y, c09);
    c10 = f32x4.relaxed_madd(x, y, c10);
    c11 = f32x4.relaxed_madd(x, y, c11);
  }
  v128.store(address, c00, 32);
  v128.store(address, c01, 64);
  v128.store(address, c02, 96);
  v128.store(address, c03, 128);
  v128.store(address, c04, 160);
  v128.store(address, c05, 192);
  v128.store(address, c06, 224);
  v128.store(address, c07, 256);
  v128.store(address, c08, 288);
  v128.store(address, c09, 320);
  v128.store(address, c10, 352);
  v128.store(address, c11, 384);
}

/**
 * The same with 12 pairs of neighbouring vectors, which end in adjacent stores: V8 may make one of 8 lanes of each.
 * At `address`: x twice, y twice, then the pairs.
 */
export function fused_pairs(address: usize, rounds: i32): void {
  const xa = v128.load(address, 0), xb = v128.load(address, 16);
  const ya = v128.load(address, 32), yb = v128.load(address, 48);
  let a00 = v128.load(address, 64), b00 = v128.load(address, 80);
  let a01 = v128.load(address, 96), b01 = v128.load(address, 112);
  let a02 = v128.load(address, 128), b02 = v128.load(address, 144);
  let a03 = v128.load(address, 160), b03 = v128.load(address, 176);
  let a04 = v128.load(address, 192), b04 = v128.load(address, 208);
  let a05 = v128.load(address, 224), b05 = v128.load(address, 240);
  let a06 = v128.load(address, 256), b06 = v128.load(address, 272);
  let a07 = v128.load(address, 288), b07 = v128.load(address, 304);
  let a08 = v128.load(address, 320), b08 = v128.load(address, 336);
  let a09 = v128.load(address, 352), b09 = v128.load(address, 368);
  let a10 = v128.load(address, 384), b10 = v128.load(address, 400);
  let a11 = v128.load(address, 416), b11 = v128.load(address, 432);
  for (; rounds > 0; rounds--) {
    a00 = f32x4.relaxed_madd(xa, ya, a00);
    b00 = f32x4.relaxed_madd(xb, yb, b00);
    a01 = f32x4.relaxed_madd(xa, ya, a01);
    b01 = f32x4.relaxed_madd(xb, yb, b01);
    a02 = f32x4.relaxed_madd(xa, ya, a02);
    b02 = f32x4.relaxed_madd(xb, yb, b02);
    a03 = f32x4.relaxed_madd(xa, ya, a03);
    b03 = f32x4.relaxed_madd(xb, yb, b03);
    a04 = f32x4.relaxed_madd(xa, ya, a04);
    b04 = f32x4.relaxed_madd(xb, yb, b04);
    a05 = f32x4.relaxed_madd(xa, ya, a05);
    b05 = f32x4.relaxed_madd(xb, yb, b05);
    a06 = f32x4.relaxed_madd(xa, ya, a06);
    b06 = f32x4.relaxed_madd(xb, yb, b06);
    a07 = f32x4.relaxed_madd(xa, ya, a07);
    b07 = f32x4.relaxed_madd(xb, yb, b07);
    a08 = f32x4.relaxed_madd(xa, ya, a08);
    b08 = f32x4.relaxed_madd(xb, yb, b08);
    a09 = f32x4.relaxed_madd(xa, ya, a09);
    b09 = f32x4.relaxed_madd(xb, yb, b09);
    a10 = f32x4.relaxed_madd(xa, ya, a10);
    b10 = f32x4.relaxed_madd(xb, yb, b10);
    a11 = f32x4.relaxed_madd(xa, ya, a11);
    b11 = f32x4.relaxed_madd(xb, yb, b11);
  }
  v128.store(address, a00, 64);
  v128.store(address, b00, 80);
  v128.store(address, a01, 96);
  v128.store(address, b01, 112);
  v128.store(address, a02, 128);
  v128.store(address, b02, 144);
  v128.store(address, a03, 160);
  v128.store(address, b03, 176);
  v128.store(address, a04, 192);
  v128.store(address, b04, 208);
  v128.store(address, a05, 224);
  v128.store(address, b05, 240);
  v128.store(address, a06, 256);
  v128.store(address, b06, 272);
  v128.store(address, a07, 288);
  v128.store(address, b07, 304);
  v128.store(address, a08, 320);
  v128.store(address, b08, 336);
  v128.store(address, a09, 352);
  v128.store(address, b09, 368);
  v128.store(address, a10, 384);
  v128.store(address, b10, 400);
  v128.store(address, a11, 416);
  v128.store(address, b11, 432);
}
