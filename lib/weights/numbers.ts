/** Numbers of files, always little-endian, to and from float32. Hosts are little-endian, as WebAssembly's memory is. */
import type { DType } from "./weights.js";

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };
export const DTYPES = Object.keys(BYTES_PER_ELEMENT) as DType[];

export const isDType = (name: unknown): name is DType => DTYPES.includes(name as DType);

/** The same memory as bytes. */
export const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Converts `out.length` elements; `bytes` starts at a multiple of 8 in its buffer and has just their size. */
export function toFloat32(dtype: DType, bytes: Uint8Array, out: Float32Array): void {
  switch (dtype) {
    case "F32":
      bytesOf(out).set(bytes);
      return;
    case "F64":
      out.set(new Float64Array(bytes.buffer, bytes.byteOffset, out.length));
      return;
    case "BF16": {
      const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, out.length);
      const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
      // a BF16 is the upper half of a float32
      for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
      return;
    }
    case "F16": {
      const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, out.length);
      const table = halfTable();
      for (let i = 0; i < halves.length; i++) out[i] = table[halves[i]];
      return;
    }
  }
}

const INFINITY = 0x7f800000;
/** The highest bit of a NaN's payload: set, so that one whose payload lies in the lower half stays a NaN. */
const QUIET = 0x40;

/**
 * The bits of a float32 to those of the nearest BF16, ties to even. NaN stays NaN; what is nearer to 2^128 than to the
 * largest BF16 (3.39e38) becomes infinite.
 */
export function roundToBF16(bits: number): number {
  if ((bits & 0x7fffffff) > INFINITY) return (bits >>> 16) | QUIET;
  // just below a half, and one more where the result would be odd
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/**
 * float32 to BF16, to nearest, ties to even. Gives the index of the first value past the largest BF16, which
 * becomes an infinity, or -1.
 */
export function toBF16(values: Float32Array, out: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const rounded = roundToBF16(bits[i]);
    out[i] = rounded;
    largest = Math.max(largest, rounded & 0x7fff);
  }
  return largest < BF16_INFINITY ? -1 : out.findIndex((half) => (half & 0x7fff) >= BF16_INFINITY);
}

const BF16_INFINITY = INFINITY >>> 16;
let halves: Float32Array | undefined;

/** All 65536 halves as float32: 256 KiB, made when the first one is met. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToNumber(bits));
  return halves;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The double with the fewest digits that rounds to a float32: 1e-4 for 0.00009999999747378752; nine always do. */
export function shortestDecimal(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const decimal = Number(float.toPrecision(digits));
    if (Math.fround(decimal) === float) return decimal;
  }
  return float;
}

/** Index of the first NaN or infinity, or -1. */
export function firstNotFinite(values: Float32Array): number {
  // x * 0 is 0 for every finite x and NaN for the others, so sums find one without a branch for each value;
  // four of them do not wait for each other.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * 0;
    b += values[i + 1] * 0;
    c += values[i + 2] * 0;
    d += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i] * 0;
  return a + b + c + d === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
