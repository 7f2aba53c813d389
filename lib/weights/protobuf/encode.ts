/**
 * Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/), written as pieces: the numbers of
 * a tensor are a piece that only says how long it is, and are written when their turn comes.
 */

/** Bytes that are not there yet. */
export interface Later {
  readonly length: number;
  /** Whose they are. */
  readonly tensor: string;
}
export type Piece = Uint8Array | Later;

/** Seven bits a byte, the lowest first. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

const tag = (field: number, wire: 0 | 2 | 5): Uint8Array => varint(BigInt(field * 8 + wire));

/** A whole number; a negative one as its 64 bits. */
export const integer = (field: number, value: number): Piece[] => [
  tag(field, 0),
  varint(BigInt.asUintN(64, BigInt(value))),
];

/** A repeated field, unpacked: every reader takes that. */
export const integers = (field: number, values: readonly number[]): Piece[] =>
  values.flatMap((value) => integer(field, value));

/** A float32. */
export function float(field: number, value: number): Piece[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(field, 5), bytes];
}

export const text = (field: number, content: string): Piece[] =>
  message(field, [new TextEncoder().encode(content)]);

/** A message whose fields are the parts, one behind the other; or bytes, as one part. */
export function message(field: number, ...parts: readonly (readonly Piece[])[]): Piece[] {
  const content = parts.flat();
  return [tag(field, 2), varint(BigInt(lengthOf(content))), ...content];
}

export const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0);
