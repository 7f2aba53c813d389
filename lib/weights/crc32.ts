/** CRC-32 as zip has it (polynomial 0xEDB88320, reflected). */
import * as zlib from "node:zlib";

const POLYNOMIAL = 0xedb88320;
/** x^0 as a reflected polynomial: the highest bit is the lowest power. */
const ONE = 0x80000000;

/** T[k][b]: what byte b does to the CRC when k bytes follow it. */
type Tables = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
let tables: Tables | undefined;

function makeTables(): Tables {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = timesX(crc);
    return crc;
  });
  const behind = (table: Uint32Array) => table.map((crc) => (crc >>> 8) ^ first[crc & 255]);
  const second = behind(first);
  const third = behind(second);
  return [first, second, third, behind(third)];
}

/** Four bytes at a time ("slicing by 4"), for Nodes whose zlib does not give its own. */
export function crc32ByTables(bytes: Uint8Array): number {
  const [t0, t1, t2, t3] = (tables ??= makeTables());
  let crc = -1;
  const whole = bytes.length - (bytes.length % 4);
  for (let i = 0; i < whole; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (let i = whole; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

/** zlib's came with Node 20.15 and 22.2, and is several times as fast. */
const ofZlib = (zlib as { readonly crc32?: (bytes: Uint8Array) => number }).crc32;

/** The bytes may lie on shared memory. */
export const crc32: (bytes: Uint8Array) => number = ofZlib ?? crc32ByTables;

/**
 * The CRC-32 of bytes that stand before others, out of the CRC-32 of each part: what comes first is as if it were
 * multiplied by x^8 for each byte behind it.
 * @param length bytes of the second part
 */
export function joinCrc32(first: number, second: number, length: number): number {
  let power = ONE;
  // x^8, then its square, then that one's: those that the bits of `length` name
  for (let square = ONE >>> 8, rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = product(square, power);
    square = product(square, square);
  }
  return (product(power, first) ^ second) >>> 0;
}

const timesX = (a: number): number => (a & 1 ? (a >>> 1) ^ POLYNOMIAL : a >>> 1);

/** Of two polynomials over the numbers 0 and 1, modulo the CRC's. */
function product(a: number, b: number): number {
  let sum = 0;
  for (let left = a, right = b; left !== 0; left <<= 1, right = timesX(right)) if (left & ONE) sum ^= right;
  return sum;
}
