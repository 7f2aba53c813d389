/** CRC-32 of members that are read in pieces. */
import { expect } from "chai";
import fc from "fast-check";
import { CheckedFile, type Checksum } from "../../lib/weights/checksums.js";
import { crc32, crc32ByTables, joinCrc32 } from "../../lib/weights/crc32.js";
import type { OpenFile } from "../../lib/weights/file.js";
import { expectError } from "./helpers/files.js";

const DAMAGED = "as the directory says; the file is damaged, get it again";

/** A file in memory whose reads end in another order than they began, and the bytes that were asked for. */
function fileOf(bytes: Uint8Array): OpenFile & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    read: async (offset, target) => {
      asked.push(target.length);
      for (let turns = (offset * 7 + asked.length * 5) % 4; turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      target.set(bytes.subarray(offset, offset + target.length));
    },
  };
}

const memberOf = (bytes: Uint8Array, offset: number, size: number): Checksum => ({
  name: "m",
  offset,
  size,
  crc: crc32(bytes.subarray(offset, offset + size)),
});

const total = (lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length, 0);

describe("CRC-32", () => {
  it("has the check value of its catalogues, for every rest of four bytes, by zlib and by tables", () => {
    const digits = Buffer.from("123456789");
    // crc32 of the first n digits, as Python's zlib has it
    const wanted = [0, 0x83dcefb7, 0x4f5344cd, 0x884863d2, 0x9be3e0a3];
    for (const sum of [crc32, crc32ByTables]) {
      expect(wanted.map((_, length) => sum(digits.subarray(0, length)))).to.deep.equal(wanted);
      expect(sum(digits)).to.equal(0xcbf43926);
    }
  });

  it("of bytes on shared memory is that of the bytes", () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(9));
    bytes.set(Buffer.from("123456789"));
    expect(crc32(bytes)).to.equal(0xcbf43926);
  });

  it("is joined from those of two parts (300 random ones)", () => {
    const part = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(joinCrc32(crc32(a), crc32(b), b.length)).to.equal(crc32(Buffer.concat([a, b])));
      }),
      { numRuns: 300 },
    );
  });

  it("is joined over lengths past 32 bits: zeros by the gigabyte, as by their halves", () => {
    const zeros = (log2: number): number => {
      if (log2 === 10) return crc32(new Uint8Array(1 << 10));
      const half = zeros(log2 - 1);
      return joinCrc32(half, half, 2 ** (log2 - 1));
    };
    expect(zeros(20)).to.equal(crc32(new Uint8Array(1 << 20)));
    // the polynomial is primitive: x^(2^32 - 1) is 1, and so 2^37 zero bits are as 2^5
    expect(zeros(34)).to.equal(crc32(new Uint8Array(4)));
  });
});

describe("checked files", () => {
  const ranges = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 });

  it("take any reads, at the same time and twice, and see any bit that changed (500 random files)", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 3, maxLength: 60 }),
        fc.tuple(fc.nat(), fc.nat()),
        ranges,
        fc.option(fc.nat()),
        async (bytes, [from, length], reads, flip) => {
          const offset = from % bytes.length;
          const member = memberOf(bytes, offset, 1 + (length % (bytes.length - offset)));
          const damaged = Uint8Array.from(bytes);
          if (flip !== null) damaged[offset + ((flip >> 3) % member.size)] ^= 1 << (flip & 7);
          const file = new CheckedFile("f", fileOf(damaged), [member]);
          const touches: boolean[] = [];
          const outcomes = await Promise.allSettled(
            reads.map(async ([at, count]) => {
              const start = at % bytes.length;
              const target = new Uint8Array(1 + (count % (bytes.length - start)));
              touches.push(start < offset + member.size && start + target.length > offset);
              await file.read(start, target);
              expect(target).to.deep.equal(damaged.subarray(start, start + target.length));
            }),
          );
          const refused = await file.finish().then(
            () => false,
            (error: unknown) => {
              expect(error).to.have.property("code", "WEIGHTS_INVALID");
              return true;
            },
          );
          expect(refused).to.equal(touches.includes(true) && flip !== null);
          if (!refused) for (const { status } of outcomes) expect(status).to.equal("fulfilled");
        },
      ),
      { numRuns: 500 },
    ));

  it("name the member and both sums, with the read that brings its last bytes and with each one after it", async () => {
    const bytes = Buffer.from("..123456789..");
    const member = { name: "r/data/0", offset: 2, size: 9, crc: 7 };
    const file = new CheckedFile("f", fileOf(bytes), [member]);
    await file.read(7, new Uint8Array(6));
    const text = `f: member "r/data/0": CRC-32 of its bytes is 0xcbf43926; it must be 0x00000007, ${DAMAGED}`;
    await expectError(file.read(0, new Uint8Array(8)), "WEIGHTS_INVALID", text);
    await expectError(file.read(3, new Uint8Array(1)), "WEIGHTS_INVALID", text);
    await expectError(file.finish(), "WEIGHTS_INVALID", text);
  });

  it("read at the end what is left of a member that was begun, and nothing of another one", async () => {
    const bytes = new Uint8Array(5 << 20).fill(1);
    const opened = fileOf(bytes);
    const begun = memberOf(bytes, 0, 3 << 20);
    const other = memberOf(bytes, 3 << 20, 2 << 20);
    const file = new CheckedFile("f", opened, [begun, { ...other, crc: 0 }]);
    await file.read(1 << 20, new Uint8Array(1 << 20));
    await file.finish();
    expect(total(opened.asked)).to.equal(3 << 20);
    expect(Math.max(...opened.asked), "bytes that are held at a time").to.equal(1 << 20);
  });

  it("keep few pieces of what is read here and there, and read that again", async () => {
    const bytes = Uint8Array.from({ length: 2000 }, (_, index) => index % 251);
    const opened = fileOf(bytes);
    const file = new CheckedFile("f", opened, [memberOf(bytes, 0, bytes.length)]);
    for (let at = 0; at < bytes.length; at += 2) await file.read(at, new Uint8Array(1));
    await file.finish();
    // 1000 by the reads, 255 gaps between 256 pieces, and all behind the last of them
    expect(total(opened.asked)).to.equal(1000 + 255 + (2000 - 511));
  });

  it("end where more pieces were read than are kept, far behind the member's first bytes", async () => {
    const bytes = Uint8Array.from({ length: 3 << 20 }, (_, index) => index % 251);
    const pieces = Array.from({ length: 300 }, (_, index) => (2 << 20) + 2 * index);
    for (const damage of [0, 1]) {
      const member = memberOf(bytes, 0, bytes.length);
      const asked = fileOf(bytes);
      // a loop without an end would not let the test's own time run out
      const file: OpenFile = {
        read: (offset, target) => {
          if (asked.asked.length > 1000) throw new Error("reads without an end");
          return asked.read(offset, target);
        },
      };
      const checked = new CheckedFile("f", file, [{ ...member, crc: (member.crc ^ damage) >>> 0 }]);
      for (const offset of pieces) await checked.read(offset, new Uint8Array(1));
      if (damage === 0) await checked.finish();
      else await expectError(checked.finish(), "WEIGHTS_INVALID", /^f: member "m"/);
      expect(total(asked.asked)).to.be.at.most(bytes.length + pieces.length);
    }
  });
});
