import { expect } from "chai";
import { latin1Bytes, unpackLatin1 } from "../../lib/weights/numpy/latin1.js";
import { PickleSpan } from "../../lib/weights/pickle/pickle-values.js";
import { expectError } from "./helpers/files.js";

/** The bytes that a text behind "##" stands for, read from it as from a file. */
function unpack(text: Buffer, size: number): Promise<Uint8Array> {
  const bytes = Buffer.concat([Buffer.from("##"), text]);
  const file = {
    read: (offset: number, target: Uint8Array) => {
      expect(offset + target.length).to.be.at.most(bytes.length);
      target.set(bytes.subarray(offset, offset + target.length));
      return Promise.resolve();
    },
  };
  return unpackLatin1("f", "data", file, new PickleSpan("utf-8", 2, text.length), size);
}

describe("bytes that travel as Latin-1 in UTF-8", () => {
  it("are all 256 of them", async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const text = Buffer.from(all.toString("latin1"));
    expect(all.equals(latin1Bytes("f", "data", text))).to.equal(true);
    expect(all.equals(await unpack(text, 256))).to.equal(true);
  });

  it("are whole where a character lies across two reads", async () => {
    for (const before of ["", "a"]) {
      const bytes = Buffer.from(before + "é".repeat(1_200_000), "latin1");
      expect(bytes.equals(await unpack(Buffer.from(bytes.toString("latin1")), bytes.length))).to.equal(true);
    }
  });

  it("are refused where a character is cut, or begins in its middle", async () => {
    const text =
      "f: data holds a character that is no byte (U+0000 to U+00FF); the file is damaged, get it again";
    for (const hex of ["c3", "61c3", "a9", "c361", "c3c3", "e282ac", "c0af"]) {
      await expectError(() => latin1Bytes("f", "data", Buffer.from(hex, "hex")), "WEIGHTS_INVALID", text);
      await expectError(unpack(Buffer.from(hex, "hex"), 2), "WEIGHTS_INVALID", text);
    }
  });

  it("are refused where there are more or fewer than wanted", async () => {
    const text = (got: number) =>
      `f: data: characters is ${got}; it must be 3, as its shape and dtype need; the file is damaged, get it again`;
    await expectError(unpack(Buffer.from("aaaa"), 3), "WEIGHTS_INVALID", text(4));
    await expectError(unpack(Buffer.from("éé"), 3), "WEIGHTS_INVALID", text(2));
  });
});
