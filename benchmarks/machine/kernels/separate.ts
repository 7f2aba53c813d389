// Multiplication and addition as two instructions, as in kernel set "baseline".

/**
 * c = c + x * y, `rounds` times in each of 12 accumulators of 4 lanes that stay in registers: enough of them that none
 * waits for its last result. At `address`: x, and from byte 32 on the accumulators, which are read and written once, each
 * 32 bytes from the next, so that V8 cannot make pairs of them. From byte 4096 on 4096 bytes of factors y, others of them
 * in every round, or a product could be used twice: to read them takes no time beside the two instructions.
 */
export function multiply_then_add(address: usize, rounds: i32): void {
  const x = v128.load(address, 0);
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
    const y = address + 4096 + <usize>((rounds << 9) & 3584);
    c00 = f32x4.add(c00, f32x4.mul(x, v128.load(y, 0)));
    c01 = f32x4.add(c01, f32x4.mul(x, v128.load(y, 16)));
    c02 = f32x4.add(c02, f32x4.mul(x, v128.load(y, 32)));
    c03 = f32x4.add(c03, f32x4.mul(x, v128.load(y, 48)));
    c04 = f32x4.add(c04, f32x4.mul(x, v128.load(y, 64)));
    c05 = f32x4.add(c05, f32x4.mul(x, v128.load(y, 80)));
    c06 = f32x4.add(c06, f32x4.mul(x, v128.load(y, 96)));
    c07 = f32x4.add(c07, f32x4.mul(x, v128.load(y, 112)));
    c08 = f32x4.add(c08, f32x4.mul(x, v128.load(y, 128)));
    c09 = f32x4.add(c09, f32x4.mul(x, v128.load(y, 144)));
    c10 = f32x4.add(c10, f32x4.mul(x, v128.load(y, 160)));
    c11 = f32x4.add(c11, f32x4.mul(x, v128.load(y, 176)));
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
