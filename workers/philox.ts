/**
 * Philox4x32-10, a counter-based random generator: four 32-bit words that depend on a counter of four words and a
 * key of two alone. Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, section 3.3.
 * Only integer operations, so the same bits everywhere and in any order.
 */
export type PhiloxKey = readonly [number, number];
export type PhiloxCounter = readonly [number, number, number, number];

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** The golden ratio and sqrt(3) - 1, as the key's steps from round to round. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** The upper 32 bits of a * (high * 2^16 + low), by halves: 32-bit integers are all that JavaScript multiplies fast. */
function upper(a: number, high: number, low: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const lowHigh = Math.imul(aLow, high);
  const highLow = Math.imul(aHigh, low);
  const middle = (Math.imul(aLow, low) >>> 16) + (lowHigh & 0xffff) + (highLow & 0xffff);
  return (Math.imul(aHigh, high) + (lowHigh >>> 16) + (highLow >>> 16) + (middle >>> 16)) | 0;
}

/**
 * Fills `out`, whose length is a multiple of 4, with the blocks of `counter`, of the counter whose first word is one
 * greater, and so on. The first word must not pass 2^32 - 1.
 */
export function philoxFill(key: PhiloxKey, counter: PhiloxCounter, out: Uint32Array): void {
  for (let at = 0; at < out.length; at += 4) {
    let c0 = counter[0] + (at >>> 2);
    let [, c1, c2, c3] = counter;
    let [k0, k1] = key;
    for (let round = 0; round < ROUNDS; round++) {
      const upper0 = upper(c0, MULTIPLIER_0 >>> 16, MULTIPLIER_0 & 0xffff);
      const upper1 = upper(c2, MULTIPLIER_1 >>> 16, MULTIPLIER_1 & 0xffff);
      const lower0 = Math.imul(c0, MULTIPLIER_0);
      c0 = upper1 ^ c1 ^ k0;
      c1 = Math.imul(c2, MULTIPLIER_1);
      c2 = upper0 ^ c3 ^ k1;
      c3 = lower0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    out[at] = c0;
    out[at + 1] = c1;
    out[at + 2] = c2;
    out[at + 3] = c3;
  }
}
