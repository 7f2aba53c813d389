/** PyTorch's files of before 1.6, damaged: neither format has a checksum of its numbers, so much of it is read. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { BYTES_PER_ELEMENT } from "../../lib/weights/numbers.js";
import type { TensorInfo } from "../../lib/weights/weights.js";
import { tarChecksum } from "./helpers/build-old-torch.js";
import { readsWhole } from "./helpers/damaged.js";
import { countOf, fixture } from "./helpers/files.js";

/** Of each file: 2100 and more of each format. */
const RUNS = 700;
const BLOCK = 512;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** What reads as something else: opcodes, and the ends of numbers. */
const telling = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, ...Buffer.from("(.]}NQRbehjqrstu"));
/** Bytes set, a run of bytes moved over another one, and rarely a cut; places are fractions of what is not padding. */
const mutations = fc.record({
  bytes: fc.array(fc.tuple(place, fc.oneof(telling, fc.integer({ min: 0, max: 255 }))), {
    minLength: 1,
    maxLength: 4,
  }),
  move: fc.option(fc.record({ from: place, to: place, length: fc.integer({ min: 1, max: 64 }) }), {
    nil: undefined,
  }),
  cut: fc.oneof({ arbitrary: place, weight: 1 }, { arbitrary: fc.constant(1), weight: 9 }),
});
type Mutation = typeof mutations extends fc.Arbitrary<infer T> ? T : never;

function mutate(original: Buffer, { bytes, move, cut }: Mutation): Buffer {
  const changed = Buffer.from(original);
  const used = original.findLastIndex((byte) => byte !== 0) + 1;
  const at = (fraction: number): number => Math.floor(fraction * used);
  for (const [where, byte] of bytes) changed[at(where)] = byte;
  if (move) changed.copy(changed, at(move.to), at(move.from), at(move.from) + move.length);
  return changed.subarray(0, Math.floor(cut * changed.length));
}

/** Where the headers of a tar archive are. */
const headersOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / BLOCK }, (_, block) => block * BLOCK).filter(
    (at) => bytes.toString("latin1", at + 257, at + 262) === "ustar",
  );

/** Lets the headers be what their checksums say, or no mutation of them would be seen any further. */
function sealed(bytes: Buffer, headers: readonly number[]): Buffer {
  for (const at of headers)
    if (at + BLOCK <= bytes.length)
      bytes.write(tarChecksum(bytes.subarray(at, at + BLOCK)), at + 148, "latin1");
  return bytes;
}

describe("damaged PyTorch files of before 1.6", () => {
  for (const name of [
    "legacy-strided",
    "legacy-python2",
    "legacy-views",
    "tar-tied",
    "tar-arguments",
    "tar-python2",
  ])
    it(`hold what they claim, or fail with a named error: ${name}.pth, ${RUNS} runs`, async () => {
      const original = await readFile(fixture(`${name}.pth`));
      const headers = name.startsWith("tar") ? headersOf(original) : [];
      const read = { yes: 0, no: 0 };
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          const bytes = sealed(mutate(original, mutation), headers);
          const fits = ({ shape, dtype }: TensorInfo): void => {
            expect(countOf(shape) * BYTES_PER_ELEMENT[dtype]).to.be.at.most(bytes.length);
          };
          read[(await readsWhole(bytes, fits)) ? "yes" : "no"]++;
        }),
        { numRuns: RUNS },
      );
      expect(read.no, "mutations that were noticed").to.be.above(RUNS / 4);
      expect(read.yes, "mutations of numbers, and harmless ones").to.be.above(0);
    });
});
