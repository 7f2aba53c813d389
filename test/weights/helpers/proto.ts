/** Protobuf messages built by hand, and built wrong where a test wants them so. */

/** Base 128, the lowest seven bits first; with `bytes`, padded to as many by zeros, which is legal. */
export function varint(value: number | bigint, bytes = 0): Buffer {
  const out: number[] = [];
  for (
    let rest = BigInt.asUintN(64, BigInt(value));
    rest > 0n || out.length < Math.max(bytes, 1);
    rest >>= 7n
  )
    out.push(Number(rest & 127n) | 128);
  out[out.length - 1] &= 127;
  return Buffer.from(out);
}

export const tag = (number: number, wire: number): Buffer => varint((BigInt(number) << 3n) | BigInt(wire));

export const integer = (number: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(number, 0), varint(value)]);

export function bytes(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([tag(number, 2), varint(content.length), content]);
}

export const text = (number: number, value: string): Buffer => bytes(number, Buffer.from(value));

/** A length that says something else than what follows. */
export const claimed = (number: number, length: number | bigint, content: Uint8Array): Buffer =>
  Buffer.concat([tag(number, 2), varint(length), content]);

const raw = (values: Float32Array | Float64Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

export const packed = (number: number, ...values: readonly number[]): Buffer =>
  bytes(number, raw(Float32Array.from(values)));
export const packedDoubles = (number: number, ...values: readonly number[]): Buffer =>
  bytes(number, raw(Float64Array.from(values)));

/** Each number with a tag of its own. */
export const floats = (number: number, ...values: readonly number[]): Buffer =>
  Buffer.concat(values.flatMap((value) => [tag(number, 5), raw(Float32Array.of(value))]));
export const doubles = (number: number, ...values: readonly number[]): Buffer =>
  Buffer.concat(values.flatMap((value) => [tag(number, 1), raw(Float64Array.of(value))]));

/** Numbers in one field. */
export const integers = (number: number, ...values: readonly (number | bigint)[]): Buffer =>
  bytes(number, ...values.map((value) => varint(value)));
