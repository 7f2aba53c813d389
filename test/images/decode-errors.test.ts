import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import sharp from "sharp";
import { AlexNetError } from "../../lib/errors/base.js";
import { decodeImage, MAX_FILE_BYTES } from "../../lib/images/index.js";
import { readFixture } from "./golden.js";

const PHOTOGRAPH = new URL("../../../fixtures/samples/city.jpg", import.meta.url);

const FORMATS = "jpeg, png, gif, webp, tiff, avif";

/** The error that a promise ends in; the test fails where it ends well. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it should have been refused");
}

async function expectRefused(source: string | Uint8Array, code: string, text: string): Promise<AlexNetError> {
  const error = await errorOf(decodeImage(source));
  expect(error).to.be.instanceOf(AlexNetError);
  const refused = error as AlexNetError;
  expect([refused.code, refused.message]).to.deep.equal([code, text]);
  return refused;
}

const undecodable = (at: string, reason: string) =>
  `${at}: the image cannot be decoded (${reason}); it must be a whole ${FORMATS} file;` +
  " open it in a viewer and export it again";

describe("decodeImage refuses", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "alexnet-images-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("a path that does not exist", async () => {
    const text = "no such file; an image must be the path of an existing file; check the path";
    const missing = join(folder, "missing.jpg");
    await expectRefused(missing, "IMAGE_MISSING", `${missing}: ${text}`);
    const file = join(folder, "file");
    writeFileSync(file, "x");
    await expectRefused(join(file, "inside.jpg"), "IMAGE_MISSING", `${join(file, "inside.jpg")}: ${text}`);
  });

  it("a directory", async () => {
    const text = "an image must be a regular file; give the path of one image";
    await expectRefused(folder, "IMAGE_NOT_A_FILE", `${folder}: the path is a directory; ${text}`);
  });

  const itHasPipes = process.platform === "win32" ? undefined : it;
  itHasPipes?.("a named pipe, without waiting for a writer", async () => {
    const pipe = join(folder, "pipe.jpg");
    execFileSync("mkfifo", [pipe]);
    const text = "an image must be a regular file; give the path of one image";
    await expectRefused(pipe, "IMAGE_NOT_A_FILE", `${pipe}: the path is a device, pipe or socket; ${text}`);
  });

  it("a path that the system does not take", async () => {
    const path = `${"x".repeat(300)}.jpg`;
    const text = `${path}: the file cannot be read (ENAMETOOLONG); check its path and permissions`;
    const error = await expectRefused(path, "IMAGE_UNREADABLE", text);
    expect(error.cause).to.be.instanceOf(Error);
    await expectRefused(
      "a\0.jpg",
      "IMAGE_UNREADABLE",
      "a\0.jpg: the file cannot be read (ERR_INVALID_ARG_VALUE); check its path and permissions",
    );
  });

  it("an empty file and empty bytes", async () => {
    const text = "the image has 0 bytes; it must be a whole image file; fetch or export the image again";
    const empty = join(folder, "empty.jpg");
    writeFileSync(empty, "");
    await expectRefused(empty, "IMAGE_UNREADABLE", `${empty}: ${text}`);
    await expectRefused(new Uint8Array(0), "IMAGE_UNREADABLE", `buffer: ${text}`);
  });

  it("text, whatever its name", async () => {
    const text = join(folder, "text.jpg");
    writeFileSync(text, "this is no image\n");
    const reason = "Input buffer contains unsupported image format";
    const error = await expectRefused(text, "IMAGE_UNREADABLE", undecodable(text, reason));
    expect(error.cause).to.be.instanceOf(Error);
  });

  it("a drawing", async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const text = `buffer: the format is svg; it must be one of ${FORMATS}; convert the image to one of them`;
    await expectRefused(svg, "IMAGE_UNREADABLE", text);
  });

  it("HEIC, which has AVIF's container", async () => {
    const text = `buffer: the format is heif; it must be one of ${FORMATS}; convert the image to one of them`;
    await expectRefused(await heicHeader(), "IMAGE_UNREADABLE", text);
  });

  it("an AVIF whose codec is not described, with the line that says so", async () => {
    const avif = Buffer.from(await tinyAvif());
    avif.write("av0C", avif.indexOf("av1C"));
    const error = await errorOf(decodeImage(avif));
    expect(error).to.be.instanceOf(AlexNetError).with.property("code", "IMAGE_UNREADABLE");
    expect(error)
      .to.have.property("message")
      .that.matches(/cannot be decoded \(heif: .*'av1C'/);
  });

  it("30,000 x 30,000 pixels by the header alone: there are no pixels in the file", async () => {
    await expectRefused(
      readFixture("decode/bomb.png"),
      "IMAGE_TOO_LARGE",
      "buffer: the image is 30000 x 30000 = 900000000 pixels; it must have at most 268402689 pixels; scale it down",
    );
  });

  it("a JPEG of 65,500 x 65,500 pixels by the header alone", async () => {
    const bytes = Buffer.from(readFixture("decode/baseline.jpg"));
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(65_500, frame + 5);
    bytes.writeUInt16BE(65_500, frame + 7);
    await expectRefused(
      bytes,
      "IMAGE_TOO_LARGE",
      "buffer: the image is 65500 x 65500 = 4290250000 pixels; it must have at most 268402689 pixels; scale it down",
    );
  });

  it("what only begins as a JPEG", async () => {
    const reason = "Input buffer has corrupt header: VipsJpeg: premature end of JPEG image";
    await expectRefused(
      new Uint8Array([0xff, 0xd8, 0xff]),
      "IMAGE_UNREADABLE",
      undecodable("buffer", reason),
    );
  });

  it("no photograph of 200 megapixels by its header", async () => {
    const bytes = Buffer.from(readFixture("decode/bomb.png"));
    bytes.writeUInt32BE(16_320, 16);
    bytes.writeUInt32BE(12_288, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    // what is refused is that its pixels are missing
    expect(await errorOf(decodeImage(bytes))).to.have.property("code", "IMAGE_UNREADABLE");
  });

  it("a side that no JPEG could have", async () => {
    await expectRefused(
      readFixture("decode/long.png"),
      "IMAGE_TOO_LARGE",
      "buffer: the image is 70000 x 3 pixels; no side may exceed 65535 pixels; cut or scale it down",
    );
  });

  it("a file of more than a gibibyte, before reading it", async () => {
    const huge = join(folder, "huge.tif");
    writeFileSync(huge, "");
    truncateSync(huge, MAX_FILE_BYTES + 1); // sparse: takes no space
    await expectRefused(
      huge,
      "IMAGE_TOO_LARGE",
      `${huge}: the file has 1073741825 bytes; an image file must have at most 1073741824 bytes; save a smaller version`,
    );
  });

  // A fifth of the animation ends in its first frame, which is all that is read of it.
  for (const [name, share] of [
    ["baseline.jpg", 0.6],
    ["progressive.jpg", 0.6],
    ["rgb.png", 0.6],
    ["animated.gif", 0.2],
    ["lossless.webp", 0.6],
    ["pages.tif", 0.6],
  ] as const)
    it(`${name} at ${share} of its length`, async () => {
      const whole = readFixture(`decode/${name}`);
      const error = await errorOf(decodeImage(whole.subarray(0, Math.floor(whole.length * share))));
      expect(error).to.be.instanceOf(AlexNetError).with.property("code", "IMAGE_UNREADABLE");
      expect(error)
        .to.have.property("message")
        .that.matches(/^buffer: the image cannot be decoded \(\S.*\); /);
    });

  it("a JPEG that lacks only its last two bytes", async () => {
    const whole = readFixture("decode/baseline.jpg");
    const reason = "VipsJpeg: premature end of JPEG image";
    await expectRefused(whole.subarray(0, -2), "IMAGE_UNREADABLE", undecodable("buffer", reason));
  });

  for (const progressive of [false, true])
    for (const byte of [0x00, 0xff])
      it(`a ${progressive ? "progressive" : "baseline"} photograph with bytes ${byte} in its middle`, async () => {
        const bytes = await sharp(fileURLToPath(PHOTOGRAPH)).jpeg({ progressive }).toBuffer();
        const middle = Math.floor(bytes.length / 2);
        bytes.fill(byte, middle, middle + 200);
        const error = await errorOf(decodeImage(bytes));
        expect(error).to.be.instanceOf(AlexNetError).with.property("code", "IMAGE_UNREADABLE");
        expect(error)
          .to.have.property("message")
          .that.matches(/cannot be decoded \(VipsJpeg: Corrupt JPEG data: /);
      });

  it("a PNG with a changed byte, which its checksum tells", async () => {
    const bytes = readFixture("decode/rgb.png").slice();
    bytes[200] ^= 0x10;
    const error = await errorOf(decodeImage(bytes));
    expect(error).to.be.instanceOf(AlexNetError).with.property("code", "IMAGE_UNREADABLE");
  });

  it("what is neither a path nor bytes", async () => {
    await expectRefused(
      42 as unknown as string,
      "INPUT_INVALID",
      "image: got 42; it must be the path of an image file or its bytes as a Uint8Array; read the file or pass its path",
    );
  });
});

describe("decodeImage and signals", () => {
  it("ends with the reason of a signal aborted before", async () => {
    const reason = new Error("not any more");
    const signal = AbortSignal.abort(reason);
    expect(await errorOf(decodeImage("missing.jpg", { signal }))).to.equal(reason);
  });

  for (const format of ["png", "jpeg"] as const)
    it(`ends with the reason of a signal aborted while it decodes a ${format}`, async () => {
      const wide = await sharp({ create: { width: 900, height: 900, channels: 3, background: "teal" } })
        .toFormat(format)
        .toBuffer();
      const controller = new AbortController();
      const reason = new Error("not any more");
      const decoding = decodeImage(wide, { signal: controller.signal });
      controller.abort(reason); // no pixel has been asked for yet
      expect(await errorOf(decoding)).to.equal(reason);
    });
});

function tinyAvif(): Promise<Buffer> {
  return sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } })
    .avif()
    .toBuffer();
}

/** The header of a HEIC file, made of an AVIF's: the codec's box is exchanged and those around it grow by as much. */
async function heicHeader(): Promise<Buffer> {
  const avif = await tinyAvif();
  const at = avif.indexOf("av1C") - 4;
  const codec = Buffer.alloc(31); // size, name, 23 bytes of HEVCDecoderConfigurationRecord with no arrays
  codec.writeUInt32BE(codec.length, 0);
  codec.write("hvcC", 4);
  codec[8] = 1; // configurationVersion
  const oldSize = avif.readUInt32BE(at);
  const heic = Buffer.concat([avif.subarray(0, at), codec, avif.subarray(at + oldSize)]);
  for (const name of ["meta", "iprp", "ipco"]) {
    const box = heic.indexOf(name) - 4;
    heic.writeUInt32BE(heic.readUInt32BE(box) + codec.length - oldSize, box);
  }
  return Buffer.from(heic.toString("latin1").replaceAll("av01", "hvc1").replaceAll("avif", "heic"), "latin1");
}
