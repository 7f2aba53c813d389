import { fileURLToPath } from "node:url";
import { expect } from "chai";
import sharp from "sharp";
import { decodeImage, IMAGE_EXTENSIONS } from "../../lib/images/index.js";
import { expectPixels, fixture, readFixture, readJson, type Expected } from "./golden.js";

interface Case extends Expected {
  readonly file: string;
}

const path = (file: string) => fileURLToPath(fixture(`decode/${file}`));

describe("decodeImage", () => {
  const cases = readJson("decode.json") as Case[];
  for (const wanted of cases)
    it(`${wanted.file}: the bytes that Pillow reads, from a path and from memory`, async () => {
      expectPixels(await decodeImage(path(wanted.file)), wanted);
      expectPixels(await decodeImage(readFixture(`decode/${wanted.file}`)), wanted);
    });

  it("turns all eight EXIF orientations: 5 to 8 exchange width and height", () => {
    const turned = cases.filter(({ file }) => file.startsWith("orientation-"));
    const sizes = turned.map(({ width, height }) => `${width}x${height}`);
    expect(sizes).to.deep.equal([...Array<string>(4).fill("24x16"), ...Array<string>(4).fill("16x24")]);
    expect(new Set(turned.map(({ sha256 }) => sha256)).size).to.equal(8);
  });

  it("takes CMYK through a press profile: paper white, cyan, red and black stay what they are", async () => {
    const { data, width } = await decodeImage(path("cmyk.jpg"));
    // The middle of each ink's six columns, in a middle row.
    const [white, cyan, red, black] = [3, 9, 15, 21].map((column) => {
      const at = (8 * width + column) * 3;
      return { red: data[at], green: data[at + 1], blue: data[at + 2] };
    });
    // A press profile has no pure colours (its cyan has red 0 but its black is not 0), so the bounds are wide.
    expect(Math.min(white.red, white.green, white.blue)).to.be.greaterThan(250);
    expect(cyan.red).to.be.lessThan(60);
    expect(Math.min(cyan.green, cyan.blue)).to.be.greaterThan(140);
    expect(red.red).to.be.greaterThan(200);
    expect(Math.max(red.green, red.blue)).to.be.lessThan(70);
    expect(Math.max(black.red, black.green, black.blue)).to.be.lessThan(70);
  });

  it("reads AVIF", async () => {
    const soft = await decodeImage(path("rgb.png"));
    const avif = await sharp(soft.data, { raw: { width: soft.width, height: soft.height, channels: 3 } })
      .avif({ lossless: true, chromaSubsampling: "4:4:4" })
      .toBuffer();
    const { data } = await decodeImage(avif);
    // Lossless in YCbCr of 8 bits. Y, Cb and Cr are each rounded by up to 1/2 on the way there, which moves blue
    // the most on the way back, 1/2 + 1.772 / 2 and its own rounding: less than 2.
    const apart = data.map((value, i) => Math.abs(value - soft.data[i]));
    expect(apart.length).to.equal(soft.data.length);
    expect(Math.max(...apart)).to.be.at.most(2);
  });

  it("reads bytes in the middle of a buffer, and in shared memory", async () => {
    const file = readFixture("decode/rgb.png");
    const wanted = cases.find((entry) => entry.file === "rgb.png");
    if (wanted === undefined) throw new Error("decode.json lacks rgb.png");
    for (const memory of [new ArrayBuffer(file.length + 20), new SharedArrayBuffer(file.length + 20)]) {
      const bytes = new Uint8Array(memory, 7, file.length);
      bytes.set(file);
      expectPixels(await decodeImage(bytes), wanted);
    }
  });

  it("gives pixels in memory of its own: writing into one result leaves the next alone", async () => {
    const first = await decodeImage(path("rgb.png"));
    const copy = first.data.slice();
    first.data.fill(0);
    expect((await decodeImage(path("rgb.png"))).data).to.deep.equal(copy);
  });

  it("leaves sharp's process-wide settings alone", async () => {
    const settings = () => [sharp.cache(), sharp.concurrency(), sharp.simd()].map((value) => limits(value));
    const before = settings();
    await decodeImage(path("baseline.jpg"));
    expect(settings()).to.deep.equal(before);
    // sharp's own defaults (its documentation), which an import would have changed before this test began
    expect(before[0]).to.deep.equal({ memory: 50, files: 20, items: 100 });
  });

  it("lists the extensions of what it reads in lower case with a dot", () => {
    expect(IMAGE_EXTENSIONS).to.deep.equal([
      ".jpg",
      ".jpeg",
      ".png",
      ".gif",
      ".webp",
      ".tif",
      ".tiff",
      ".avif",
    ]);
  });
});

interface Limit {
  readonly max: number;
}

/** The limits of sharp's cache without what is in it at the moment; other settings as they are. */
function limits(value: Record<"memory" | "files" | "items", Limit> | number | boolean): unknown {
  if (typeof value !== "object") return value;
  return { memory: value.memory.max, files: value.files.max, items: value.items.max };
}
