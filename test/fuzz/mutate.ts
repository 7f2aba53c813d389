/** Small damage to files, of the kinds that readers of binary formats get wrong. */
import type { Random } from "../random.js";

/** Numbers at which sizes overflow, change sign or run out. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const WIDTHS = [1, 2, 4, 8] as const;
const MOST_CHANGES = 6;
const LONGEST_PART = 64;

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const placeIn = (bytes: Buffer, random: Random): number => random.integer(0, Math.max(0, bytes.length - 1));

/** A run of bytes: [from, to). */
function partOf(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = placeIn(bytes, random);
  return [from, Math.min(bytes.length, from + random.integer(1, LONGEST_PART))];
}

const setByte: Mutation = (bytes, random) => {
  if (bytes.length > 0) bytes[placeIn(bytes, random)] = random.integer(0, 255);
  return bytes;
};

const flipBit: Mutation = (bytes, random) => {
  if (bytes.length > 0) bytes[placeIn(bytes, random)] ^= 1 << random.integer(0, 7);
  return bytes;
};

/** Little-endian, and big-endian as tar's neighbours have it. */
const setNumber: Mutation = (bytes, random) => {
  const width = random.pick(WIDTHS);
  if (bytes.length < width) return bytes;
  const at = random.integer(0, bytes.length - width);
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt(random.pick(EDGES)));
  const part = number.subarray(0, width);
  part.copy(bytes, at);
  if (random.chance(0.25)) bytes.subarray(at, at + width).reverse();
  return bytes;
};

const addToByte: Mutation = (bytes, random) => {
  if (bytes.length > 0) {
    const at = placeIn(bytes, random);
    bytes[at] = (bytes[at] + random.integer(-8, 8)) & 255;
  }
  return bytes;
};

const remove: Mutation = (bytes, random) => {
  const [from, to] = partOf(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const repeat: Mutation = (bytes, random) => {
  const [from, to] = partOf(bytes, random);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
};

const insert: Mutation = (bytes, random) => {
  const at = random.integer(0, bytes.length);
  const part = Buffer.from(Array.from({ length: random.integer(1, 8) }, () => random.integer(0, 255)));
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
};

const cut: Mutation = (bytes, random) => bytes.subarray(0, random.integer(0, bytes.length));

/** Puts a part of another file in the place of one of its own. */
const cross: Mutation = (bytes, random, other) => {
  const [from, to] = partOf(bytes, random);
  const [begin, end] = partOf(other, random);
  return Buffer.concat([bytes.subarray(0, from), other.subarray(begin, end), bytes.subarray(to)]);
};

/** Most of them keep the length, since a file whose length is wrong is refused early. */
const MUTATIONS: readonly Mutation[] = [
  ...[setByte, setByte, flipBit, flipBit, setNumber, setNumber, addToByte, addToByte],
  ...[remove, repeat, insert, cross, cut],
];

/** A damaged copy of `original`; parts of `other`, a second file of the format, may come in. */
export function mutate(original: Buffer, other: Buffer, random: Random): Buffer<ArrayBuffer> {
  let bytes = Buffer.from(original);
  for (let left = random.integer(1, MOST_CHANGES); left > 0; left--)
    bytes = Buffer.from(random.pick(MUTATIONS)(bytes, random, other));
  return bytes;
}
