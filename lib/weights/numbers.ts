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

/**
 * float32 to BF16, to nearest, ties to even. Gives the index of the first value past the largest BF16, which
 * becomes an infinity, or -1.
 */
export function toBF16(values: Float32Array, out: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const rounded = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) >>> 16;
    out[i] = rounded;
    largest = Math.max(largest, rounded & 0x7fff);
  }
  return largest < BF16_INFINITY ? -1 : out.findIndex((half) => (half & 0x7fff) >= BF16_INFINITY);
}

const BF16_INFINITY = 0x7f80;
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
