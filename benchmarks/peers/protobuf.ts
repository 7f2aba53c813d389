/**
 * The part of the protobuf wire format that an ONNX file needs, written as chunks, so that a tensor's bytes are not
 * copied from message to message. Source: https://protobuf.dev/programming-guides/encoding
 */
export type Chunks = readonly Uint8Array[];

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Seven bits a byte, the lowest first; `value` is a whole number from 0. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

const tag = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);

export const integer = (field: number, value: number): Chunks => [tag(field, VARINT), varint(value)];

export const integers = (field: number, values: readonly number[]): Chunks =>
  values.flatMap((value) => integer(field, value));

export function float(field: number, value: number): Chunks {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(field, FIXED_32), bytes];
}

export const bytes = (field: number, content: Uint8Array): Chunks => message(field, [content]);

export const text = (field: number, content: string): Chunks =>
  bytes(field, new TextEncoder().encode(content));

/** A message whose fields are `parts`, one behind the other. */
export function message(field: number, ...parts: readonly Chunks[]): Chunks {
  const content = parts.flat();
  const length = content.reduce((sum, chunk) => sum + chunk.length, 0);
  return [tag(field, LENGTH_DELIMITED), varint(length), ...content];
}
