import { expect } from "chai";
import { show } from "../../lib/errors/base.js";
import { WeightFile } from "../../lib/weights/file.js";
import { readMember, readZip } from "../../lib/weights/zip.js";
import { zipBytes, type MemberParts, type ZipParts } from "./helpers/build.js";
import { expectError, withFile } from "./helpers/files.js";

const abc = Buffer.from("abc");
const members: readonly MemberParts[] = [
  { name: "r/a", data: abc },
  { name: "r/b", data: Buffer.from("defgh") },
];

/** Every member's bytes as text. */
const readTexts = (bytes: Uint8Array): Promise<Record<string, string>> =>
  withFile(bytes, async (path) => {
    const file = await WeightFile.at(path);
    return file.use(async (opened) => {
      const texts: Record<string, string> = {};
      for (const [name, member] of await readZip(file, opened))
        texts[name] = Buffer.from(await readMember(file, opened, member)).toString();
      return texts;
    });
  });

const refuse = (bytes: Uint8Array, text: string) =>
  withFile(bytes, (path) =>
    expectError(
      (async () => {
        const file = await WeightFile.at(path);
        await file.use(async (opened) => {
          for (const member of (await readZip(file, opened)).values()) await readMember(file, opened, member);
        });
      })(),
      "WEIGHTS_INVALID",
      text,
      path,
    ),
  );

/** The zip64 end record and locator that PyTorch puts before the end record. */
function withZip64(bytes: Buffer): Buffer {
  const records = Buffer.alloc(76);
  records.writeUInt32LE(0x06064b50);
  records.writeUInt32LE(0x07064b50, 56);
  const end = bytes.length - 22;
  return Buffer.concat([bytes.subarray(0, end), records, bytes.subarray(end)]);
}

describe("zip archives", () => {
  it("reads stored members in any order, with a comment, and with zip64 records", async () => {
    const texts = { "r/a": "abc", "r/b": "defgh" };
    expect(await readTexts(zipBytes(members))).to.deep.equal(texts);
    expect(
      await readTexts(zipBytes(members, { comment: "PK\x05\x06 and more than 22 bytes" })),
    ).to.deep.equal(texts);
    expect(await readTexts(withZip64(zipBytes(members)))).to.deep.equal(texts);
    expect(await readTexts(zipBytes([]))).to.deep.equal({});
  });

  const damaged = "; the file is damaged, get it again";
  const archives: readonly [title: string, parts: ZipParts, text: string][] = [
    [
      "junk behind the end",
      { trailing: abc },
      `FILE: the zip archive has no end record at its end: it is cut off or has junk behind it${damaged}`,
    ],
    [
      "junk before the start",
      { leading: abc },
      `FILE: member "r/a": offset is 3; it must be 0 for the first member${damaged}`,
    ],
    ["more disks than one", { disk: 1 }, "FILE: the zip archive spans several files; join it into one"],
    [
      "entries on another disk",
      { entriesOnDisk: 1 },
      "FILE: the zip archive spans several files; join it into one",
    ],
    [
      "too many members",
      { entries: 5000 },
      "FILE: the zip archive has 5000 members and a directory of 98 bytes at 74; the reader takes up to 4096 members," +
        " 1048576 bytes and 4 GiB; save the state dict alone",
    ],
    [
      "a zip64 offset",
      { directoryOffset: 0xffffffff },
      "FILE: the zip archive has 2 members and a directory of 98 bytes at 4294967295; the reader takes up to" +
        " 4096 members, 1048576 bytes and 4 GiB; save the state dict alone",
    ],
    [
      "a directory that ends elsewhere",
      { directoryOffset: 70 },
      `FILE: the central directory's end is 168; it must be 172, where the end records start${damaged}`,
    ],
    [
      "an entry too many",
      { entries: 3 },
      `FILE: zip entry 2 has no signature, or lies past the directory${damaged}`,
    ],
    [
      "an entry too few",
      { entries: 1 },
      `FILE: the central directory's size is 98; it must be 49, as its entries need${damaged}`,
    ],
  ];
  for (const [title, parts, text] of archives)
    it(`refuses ${title}`, () => refuse(zipBytes(members, parts), text));

  const entries: readonly [title: string, member: Partial<MemberParts>, text: string][] = [
    ["an encrypted member", { flags: 1 }, 'FILE: member "r/b" is encrypted; save it without a password'],
    [
      "a compressed member",
      { method: 8 },
      'FILE: member "r/b" is compressed (method 8); save it with torch.save, which stores',
    ],
    [
      "a wrong CRC-32",
      { crc: 7 },
      `FILE: member "r/b": CRC-32 of its bytes is 0x83e78239; it must be 0x00000007, as the directory says${damaged}`,
    ],
    [
      "two sizes",
      { packedSize: 4 },
      `FILE: member "r/b": packed size is 4; it must be its size, 5${damaged}`,
    ],
    [
      "a member that lies past the directory",
      { size: 6 },
      `FILE: member "r/b": end is 75; it must be before the directory at 74${damaged}`,
    ],
    [
      "a member inside another",
      { offset: 1 },
      `FILE: member "r/b": offset is 1; it must be at least 36, where the member before it ends${damaged}`,
    ],
    [
      "two members of the same bytes",
      { offset: 0 },
      `FILE: member "r/b": offset is 0; it must be at least 36, where the member before it ends${damaged}`,
    ],
    [
      "an offset past the directory",
      { offset: 60 },
      `FILE: member "r/b": offset is 60; it must be before the directory at 74${damaged}`,
    ],
    [
      "another local name",
      { localName: "r/c" },
      `FILE: member "r/b" has another name in its local header${damaged}`,
    ],
    [
      "a longer local name",
      { localName: "r/bb" },
      `FILE: member "r/b" has another name in its local header${damaged}`,
    ],
    [
      "no local signature",
      { localSignature: 1 },
      `FILE: member "r/b" has another name in its local header${damaged}`,
    ],
    ["two members of one name", { name: "r/a" }, `FILE: member "r/a" is there twice${damaged}`],
  ];
  for (const [title, member, text] of entries)
    it(`refuses ${title}`, () => refuse(zipBytes([members[0], { ...members[1], ...member }]), text));

  for (const name of ["/a", "../a", "a/../b", "a\\b", "a\0b", "\\a", "", "a".repeat(256)])
    it(`refuses the name ${show(name)}`, () =>
      refuse(
        zipBytes([{ name, data: abc }]),
        `FILE: zip entry 0: name is ${show(name)}; it must be a relative path of up to 255 characters without "..",` +
          ` "\\" or control characters${damaged}`,
      ));

  it("refuses every cut of an archive", async () => {
    const whole = zipBytes(members);
    for (let length = 0; length < whole.length; length++)
      await refuse(
        whole.subarray(0, length),
        `FILE: the zip archive has no end record at its end: it is cut off or has junk behind it${damaged}`,
      );
  });
});
