import { expect } from "chai";
import { WeightFile } from "../../lib/weights/file.js";
import { readTar, type TarMember } from "../../lib/weights/tar.js";
import { paxRecord, tarBytes, type TarMemberParts } from "./helpers/build-old-torch.js";
import { expectError, withFile } from "./helpers/files.js";

const read = (bytes: Buffer, use: (members: ReadonlyMap<string, TarMember>) => void = () => undefined) =>
  withFile(bytes, async (path) => {
    const file = await WeightFile.at(path);
    use(await file.use((opened) => readTar(file, opened)));
  });

const a: TarMemberParts = { name: "a", data: Buffer.from("content") };
const pax = (records: string): TarMemberParts => ({
  name: "././@PaxHeader",
  type: "x",
  data: Buffer.from(records, "latin1"),
});
const damaged = "; the file is damaged, get it again";
const give = "; give the file that torch.save wrote";

describe("tar archives", () => {
  it("are read in place", () => {
    const members = [
      pax(paxRecord("mtime", "1481234567.25")),
      a,
      { name: "b" },
      { name: "c", data: Buffer.alloc(513) },
    ];
    return read(tarBytes([...members, { name: "d", type: "\0" }]), (found) => {
      expect([...found.values()]).to.deep.equal([
        { name: "a", offset: 3 * 512, size: 7 },
        { name: "b", offset: 5 * 512, size: 0 },
        { name: "c", offset: 6 * 512, size: 513 },
        { name: "d", offset: 9 * 512, size: 0 },
      ]);
    });
  });

  it("may have every attribute of a pax header that says nothing about bytes", () => {
    const keys = ["atime", "ctime", "gid", "gname", "mtime", "uid", "uname"];
    const records = keys.map((key) => paxRecord(key, "\xe9".repeat(90)));
    return read(tarBytes([pax(records.join("")), a]), (found) => {
      expect([...found.keys()]).to.deep.equal(["a"]);
    });
  });

  it("may end with anything from two blocks of zeros to a record more", async () => {
    for (const content of [0, 17, 18, 19]) {
      const bytes = tarBytes([{ name: "a", data: Buffer.alloc(512 * content) }]);
      expect(bytes.length).to.equal(content < 18 ? 10240 : 20480);
      await read(bytes);
    }
  });

  const record = (members: readonly TarMemberParts[], end: Uint8Array): Buffer => {
    const body = tarBytes(members, Buffer.alloc(0));
    return tarBytes(
      members,
      Buffer.concat([end, Buffer.alloc(10240 - ((body.length + end.length) % 10240))]),
    );
  };
  const junk = tarBytes([a]);
  junk[10239] = 7;
  const refused: readonly [title: string, bytes: Buffer, text: string][] = [
    ["links", tarBytes([{ ...a, type: "2" }]), `member "a" is of type "2", not a plain file ("0")${give}`],
    [
      "hard links",
      tarBytes([{ ...a, type: "1" }]),
      `member "a" is of type "1", not a plain file ("0")${give}`,
    ],
    [
      "folders",
      tarBytes([{ name: "a/", type: "5" }]),
      `member "a/" is of type "5", not a plain file ("0")${give}`,
    ],
    [
      "sparse files",
      tarBytes([{ ...a, type: "S" }]),
      `member "a" is of type "S", not a plain file ("0")${give}`,
    ],
    [
      "global pax headers",
      tarBytes([{ ...pax(paxRecord("mtime", "1")), type: "g" }]),
      `member "././@PaxHeader" is of type "g", not a plain file ("0")${give}`,
    ],
    [
      "GNU's archives",
      tarBytes([{ ...a, magic: "ustar  \0" }]),
      `the tar header at byte 0: magic and version is "ustar  \\u0000"; it must be "ustar", a zero and "00"${damaged}`,
    ],
    ["a member twice", tarBytes([a, a]), `member "a" is there twice${damaged}`],
    [
      "a name with spaces",
      tarBytes([{ ...a, name: "a b" }]),
      `the tar header at byte 0: name is "a b"; it must be ASCII without spaces, and without a prefix${damaged}`,
    ],
    [
      "a name with a prefix",
      tarBytes([{ ...a, prefix: "p" }]),
      `the tar header at byte 0: name is "a"; it must be ASCII without spaces, and without a prefix${damaged}`,
    ],
    [
      "a name of no bytes",
      tarBytes([{ ...a, name: "" }]),
      `the tar header at byte 0: name is ""; it must be ASCII without spaces, and without a prefix${damaged}`,
    ],
    [
      "a wrong checksum",
      tarBytes([{ ...a, checksum: "000001\0 " }]),
      `the tar header at byte 0: checksum is 1; it must be 1591, the sum of its bytes${damaged}`,
    ],
    [
      "a checksum that is no number",
      tarBytes([{ ...a, checksum: "00009x\0 " }]),
      `the tar header at byte 0: checksum is "00009x\\u0000 "; it must be 1591, the sum of its bytes${damaged}`,
    ],
    [
      "a size past the end",
      tarBytes([{ ...a, size: "00000023001" }]),
      `the tar header at byte 0: size is 9729; it must be octal digits of at most 9728, the bytes that are left${damaged}`,
    ],
    [
      "a size in binary",
      tarBytes([{ ...a, size: "\x80\0\0\0\0\0\0\0\0\0\0\x07" }]),
      `the tar header at byte 0: size is "\x80${"\\u0000".repeat(10)}\\u0007"; it must be octal digits of at most 9728, the bytes that are left${damaged}`,
    ],
    [
      "a member up to the end",
      tarBytes([{ name: "a", data: Buffer.alloc(19 * 512) }], Buffer.alloc(0)),
      `the tar header at byte 10240 lies past the file's end${damaged}`,
    ],
    [
      "one block of zeros",
      tarBytes([{ name: "a", data: Buffer.alloc(18 * 512) }], Buffer.alloc(512)),
      `bytes behind the last member is 512; it must be 1024 and what fills a record of 10240${damaged}`,
    ],
    [
      "a record of zeros too many",
      record([a], Buffer.alloc(10240)),
      `bytes behind the last member is 19456; it must be 1024 and what fills a record of 10240${damaged}`,
    ],
    ["junk behind the end", junk, `byte 10239 behind the last member is 7; it must be 0${damaged}`],
    [
      "half a record",
      tarBytes([a]).subarray(0, 5120),
      `the tar archive's size is 5120; it must be a multiple of 10240${damaged}`,
    ],
    [
      "65 members",
      tarBytes(Array.from({ length: 65 }, (_, i) => ({ name: `a${i}` }))),
      `the tar archive has more than 64 headers${give}`,
    ],
    [
      "a pax header without a member",
      tarBytes([a, pax(paxRecord("mtime", "1"))]),
      `the last pax header has no member behind it${damaged}`,
    ],
    [
      "two pax headers",
      tarBytes([pax(paxRecord("mtime", "1")), pax(paxRecord("mtime", "1")), a]),
      `the pax header at byte 1024 follows another one${damaged}`,
    ],
    [
      "a pax header of more than 64 KiB",
      tarBytes([pax(" ".repeat(65537)), a]),
      `the pax header at byte 0 has 65537 bytes, more than 65536${give}`,
    ],
    [
      "a name in a pax header",
      tarBytes([pax(paxRecord("mtime", "1") + paxRecord("path", "/etc/x")), a]),
      `the pax header at byte 0 sets "path", which no file needs${give}`,
    ],
    [
      "a size in a pax header",
      tarBytes([pax(paxRecord("size", "9")), a]),
      `the pax header at byte 0 sets "size", which no file needs${give}`,
    ],
    [
      "a link in a pax header",
      tarBytes([pax(paxRecord("linkpath", "b")), a]),
      `the pax header at byte 0 sets "linkpath", which no file needs${give}`,
    ],
    ...["x", "9 mtime=1", "99 mtime=1\n", "12 mtime=1\n", "9 mtime=1\n", "0 mtime=1\n", "4 =1\n"].map(
      (text): [string, Buffer, string] => [
        `the record ${JSON.stringify(text)}`,
        tarBytes([pax(text), a]),
        `the pax header at byte 0: the record at byte 0 is no "LENGTH KEY=VALUE"${damaged}`,
      ],
    ),
  ];
  for (const [title, bytes, text] of refused)
    it(`are refused with ${title}`, () =>
      withFile(bytes, async (path) => {
        const file = await WeightFile.at(path);
        await expectError(
          file.use((opened) => readTar(file, opened)),
          "WEIGHTS_INVALID",
          `FILE: ${text}`,
          path,
        );
      }));
});
