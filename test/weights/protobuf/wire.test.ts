import { expect } from "chai";
import fc from "fast-check";
import { WeightFile, type OpenFile } from "../../../lib/weights/file.js";
import { WireReader, type WireField } from "../../../lib/weights/protobuf/wire.js";
import { expectError, withFile } from "../helpers/files.js";
import {
  bytes,
  claimed,
  doubles,
  floats,
  integer,
  integers,
  packed,
  tag,
  text,
  varint,
} from "../helpers/proto.js";

interface Opened {
  readonly path: string;
  readonly size: number;
  readonly wire: WireReader;
  /** Bytes that were read so far. */
  readonly read: () => number;
}

const withWire = <T>(content: Uint8Array, use: (opened: Opened) => Promise<T>): Promise<T> =>
  withFile(content, async (path) => {
    const file = await WeightFile.at(path);
    return file.use((opened) => {
      let read = 0;
      const counted: OpenFile = {
        read: (offset, target) => {
          read += target.length;
          return opened.read(offset, target);
        },
      };
      return use({ path, size: file.size, wire: new WireReader(file, counted), read: () => read });
    });
  });

const fieldsOf = (content: Uint8Array): Promise<WireField[]> =>
  withWire(content, ({ wire, size }) => wire.message(0, size, "it"));

const refuses = (content: Uint8Array, message: string, end?: number): Promise<void> =>
  withWire(content, ({ wire, size, path }) =>
    expectError(wire.message(0, end ?? size, "it"), "WEIGHTS_INVALID", message, path),
  );

const damaged = "; the file is damaged, get it again";

describe("protobuf's wire format", () => {
  it("gives each field's number, wire type, place and value, in order", async () => {
    const content = Buffer.concat([
      integer(1, 300),
      text(2, "ab"),
      floats(3, 1),
      doubles(4, 1),
      integer(2 ** 29 - 1, 2n ** 64n - 1n),
      bytes(5),
    ]);
    const common = { value: 0n, count: 1, step: 0 };
    expect(await fieldsOf(content)).to.deep.equal([
      { ...common, number: 1, wire: 0, at: 0, start: 1, end: 3, value: 300n },
      { ...common, number: 2, wire: 2, at: 3, start: 5, end: 7 },
      { ...common, number: 3, wire: 5, at: 7, start: 8, end: 12, step: 5 },
      { ...common, number: 4, wire: 1, at: 12, start: 13, end: 21, step: 9 },
      { ...common, number: 2 ** 29 - 1, wire: 0, at: 21, start: 26, end: 36, value: 2n ** 64n - 1n },
      { ...common, number: 5, wire: 2, at: 36, start: 38, end: 38 },
    ]);
    expect(await fieldsOf(Buffer.alloc(0))).to.deep.equal([]);
  });

  it("reads a part of a file, and nothing of what its fields hold", async () => {
    const inner = bytes(1, Buffer.alloc(1_000_000, 0xff));
    const content = Buffer.concat([bytes(7, Buffer.alloc(500_000, 0xff)), bytes(9, inner, integer(2, 5))]);
    await withWire(content, async ({ wire, size, read }) => {
      const [first, second] = await wire.message(0, size, "it");
      expect([first.number, second.number, second.end]).to.deep.equal([7, 9, size]);
      const found = await wire.message(second.start, second.end, "it");
      expect(found.map(({ number, end, value }) => [number, end, value])).to.deep.equal([
        [1, size - 2, 0n],
        [2, size, 5n],
      ]);
      expect(read()).to.be.below(300_000);
    });
  });

  it("counts numbers of one field that follow each other as a run, across its window's border", async () => {
    for (const [write, wire, step] of [
      [floats, 5, 5],
      [doubles, 1, 9],
      [(_: number, ...values: number[]) => floats(500, ...values), 5, 6],
    ] as const) {
      const run = (count: number) => write(2, ...Array.from({ length: count }, (_, i) => i));
      const number = step === 6 ? 500 : 2;
      for (const count of [1, 2, 13_106, 13_107, 13_108, 30_000]) {
        const content = Buffer.concat([integer(1, 7), run(count), integer(3, 1), run(2)]);
        const found = await fieldsOf(content);
        expect(found.map((field) => [field.number, field.wire, field.at, field.count])).to.deep.equal([
          [1, 0, 0, 1],
          [number, wire, 2, count],
          [3, 0, 2 + count * step, 1],
          [number, wire, 4 + count * step, 2],
        ]);
        expect([found[1].start, found[1].step]).to.deep.equal([2 + step - (wire === 5 ? 4 : 8), step]);
      }
    }
  });

  it("ends a run where another field, another wire type or a longer tag begins", async () => {
    const longer = Buffer.concat([varint((2 << 3) | 5, 2), Buffer.alloc(4)]);
    const content = Buffer.concat([
      floats(2, 1, 2),
      doubles(2, 1),
      floats(2, 3),
      longer,
      longer,
      floats(3, 4),
    ]);
    expect((await fieldsOf(content)).map(({ count, step }) => [count, step])).to.deep.equal([
      [2, 5],
      [1, 9],
      [1, 5],
      [2, 6],
      [1, 5],
    ]);
  });

  it("takes five million unpacked numbers as one run, reading each byte about once", async () => {
    const content = Buffer.alloc(25_000_000);
    for (let at = 0; at < content.length; at += 5) content[at] = (5 << 3) | 5;
    await withWire(content, async ({ wire, size, read }) => {
      const [run, ...rest] = await wire.message(0, size, "it");
      expect([run.count, rest.length]).to.deep.equal([5_000_000, 0]);
      expect(read()).to.be.below(1.01 * size);
    });
  });

  it("gives the bytes of a field, up to a limit", () =>
    withWire(Buffer.concat([integer(1, 1), text(2, "abc")]), async ({ wire, size, path }) => {
      const [, field] = await wire.message(0, size, "it");
      expect(Buffer.from(await wire.bytes(field, 3, "it")).toString()).to.equal("abc");
      await expectError(
        wire.bytes(field, 2, "it"),
        "WEIGHTS_INVALID",
        "FILE: it at byte 2 has 3 bytes, more than 2; give a file of weights alone",
        path,
      );
    }));

  it("gives whole numbers with their sign, packed and not", () =>
    withWire(
      Buffer.concat([
        integer(1, -1),
        integers(1, 0, -2n, 2n ** 63n - 1n),
        integers(1),
        packed(2, 1),
        floats(3, 1),
      ]),
      async ({ wire, size, path }) => {
        const [one, many, none, , float] = await wire.message(0, size, "it");
        expect(await wire.integers(one, 1, "it")).to.deep.equal([-1n]);
        expect(await wire.integers(many, 3, "it")).to.deep.equal([0n, -2n, 2n ** 63n - 1n]);
        expect(await wire.integers(none, 1, "it")).to.deep.equal([]);
        const at = `FILE: it, the field at byte ${many.at}`;
        await expectError(
          wire.integers(many, 2, "it"),
          "WEIGHTS_INVALID",
          `${at} has 3 numbers, more than 2${damaged}`,
          path,
        );
        await expectError(
          wire.integers(float, 1, "it"),
          "WEIGHTS_INVALID",
          `FILE: it, the field at byte ${float.at} is not a varint, nor packed ones${damaged}`,
          path,
        );
      },
    ));

  it("refuses a number that its packed field cuts off, naming its byte", () =>
    withWire(bytes(1, Buffer.of(1, 0x80)), async ({ wire, size, path }) => {
      const [field] = await wire.message(0, size, "it");
      await expectError(
        wire.integers(field, 9, "it"),
        "WEIGHTS_INVALID",
        `FILE: it, the field at byte 3 ends in the middle of a number${damaged}`,
        path,
      );
    }));

  const wrong: readonly [title: string, content: Buffer, text: string][] = [
    ["a group's start", tag(1, 3), "at byte 0 has wire type 3; it must be 0, 1, 2 or 5"],
    [
      "a group's end",
      Buffer.concat([integer(1, 1), tag(1, 4)]),
      "at byte 2 has wire type 4; it must be 0, 1, 2 or 5",
    ],
    ["wire type 6", tag(1, 6), "at byte 0 has wire type 6; it must be 0, 1, 2 or 5"],
    ["wire type 7", tag(1, 7), "at byte 0 has wire type 7; it must be 0, 1, 2 or 5"],
    ["field number 0", tag(0, 0), "at byte 0 has field number 0; it must be from 1 to 536870911"],
    [
      "a field number of 30 bits",
      Buffer.concat([tag(2 ** 29, 0), varint(0)]),
      "at byte 0 has field number 536870912; it must be from 1 to 536870911",
    ],
    ["a tag that is cut", Buffer.of(0x80), "at byte 0 ends in the middle of a number"],
    ["a varint that is cut", Buffer.of(0x08, 0xff), "at byte 1 ends in the middle of a number"],
    [
      "a varint of eleven bytes",
      Buffer.concat([tag(1, 0), Buffer.alloc(10, 0x80), Buffer.of(1)]),
      "at byte 1 has a number of more than 10 bytes",
    ],
    ["a length past the end", claimed(1, 3, Buffer.alloc(2)), "at byte 0 says 3 bytes, 2 are left"],
    [
      "a length of 2^64 - 1",
      claimed(1, 2n ** 64n - 1n, Buffer.alloc(2)),
      "at byte 0 says 18446744073709551615 bytes, 2 are left",
    ],
    ["a float that is cut", floats(1, 1).subarray(0, 4), "at byte 0 ends in the middle of a number"],
    ["a double that is cut", doubles(1, 1).subarray(0, 8), "at byte 0 ends in the middle of a number"],
    ["a cut at the end of a run", floats(1, 1, 2).subarray(0, 9), "at byte 5 ends in the middle of a number"],
  ];
  for (const [title, content, problem] of wrong)
    it(`refuses ${title}`, () => refuses(content, `FILE: it, the field ${problem}${damaged}`));

  it("does not read past the end of the message, where the file goes on", async () => {
    const content = Buffer.concat([integer(1, 1), floats(2, 1, 2), text(3, "abcd"), Buffer.alloc(30, 8)]);
    const [one, two] = [2 + 5, 2 + 10];
    expect(await withWire(content, ({ wire }) => wire.message(0, one, "it"))).to.have.length(2);
    expect((await withWire(content, ({ wire }) => wire.message(0, two, "it")))[1].count).to.equal(2);
    await refuses(content, `FILE: it, the field at byte 7 ends in the middle of a number${damaged}`, two - 1);
    await refuses(content, `FILE: it, the field at byte 12 says 4 bytes, 3 are left${damaged}`, two + 5);
    await refuses(
      content,
      `FILE: it, the field at byte 13 ends in the middle of a number${damaged}`,
      two + 1,
    );
    await refuses(content, `FILE: it, the field at byte 1 ends in the middle of a number${damaged}`, 1);
  });

  it("refuses more fields than files of weights have, in one message or in many", async () => {
    const most = 65_536;
    await withWire(Buffer.alloc(2 * most + 2, 8), async ({ wire, size, path }) => {
      expect(await wire.message(0, size - 4, "it")).to.have.length(most - 1);
      expect(await wire.message(0, 2, "it")).to.have.length(1);
      await expectError(
        wire.message(0, 2, "it"),
        "WEIGHTS_INVALID",
        "FILE: it at byte 0 brings the file to more than 65536 fields; give a file of weights alone",
        path,
      );
    });
  });

  it("reads what random messages were made of, 300 runs", async () => {
    const one = fc.oneof(
      fc.record({
        kind: fc.constant("integer" as const),
        value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
      fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({ kind: fc.constant("floats" as const), value: fc.integer({ min: 1, max: 40 }) }),
    );
    const field = fc.record({ number: fc.integer({ min: 1, max: 2 ** 29 - 1 }), what: one });
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 30 }), async (fields) => {
        const content = fields.map(({ number, what }) => {
          if (what.kind === "integer") return integer(number, what.value);
          if (what.kind === "bytes") return bytes(number, what.value);
          return floats(number, ...Array.from({ length: what.value }, () => 1));
        });
        await withWire(Buffer.concat(content), async ({ wire, size }) => {
          const found = await wire.message(0, size, "it");
          const shown: unknown[] = [];
          for (const { number, wire: kind, value, count, start, end } of found)
            shown.push([number, kind === 0 ? value : kind === 2 ? end - start : count]);
          // floats of one number that follow each other are one run
          const wanted: [number, bigint | number, string][] = [];
          for (const { number, what } of fields) {
            const [lastNumber, lastAmount, lastKind] =
              wanted.length > 0 ? wanted[wanted.length - 1] : [0, 0, ""];
            const amount = what.kind === "bytes" ? what.value.length : what.value;
            const goesOn = what.kind === "floats" && lastKind === "floats" && lastNumber === number;
            if (goesOn) wanted.pop();
            wanted.push([number, goesOn ? Number(lastAmount) + Number(amount) : amount, what.kind]);
          }
          expect(shown).to.deep.equal(wanted.map(([number, amount]) => [number, amount]));
        });
      }),
      { numRuns: 300 },
    );
  });
});
