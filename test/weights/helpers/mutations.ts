/** Damage as files meet it, at random. */
import fc from "fast-check";

/** Bytes set, and a cut or a tail; places are fractions of the length, so that one mutation suits every file. */
export const mutations = fc.record({
  bytes: fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 })),
    {
      maxLength: 6,
    },
  ),
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3 }),
  tail: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { freq: 5 }),
});
export type Mutation = typeof mutations extends fc.Arbitrary<infer T> ? T : never;

export function mutate(original: Buffer, { bytes, cut, tail }: Mutation): Buffer {
  const changed = Buffer.from(original);
  for (const [place, byte] of bytes) changed[Math.floor(place * changed.length)] = byte;
  const kept = changed.subarray(0, cut === null ? changed.length : Math.floor(cut * changed.length));
  return tail === null ? kept : Buffer.concat([kept, tail]);
}
