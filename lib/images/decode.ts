import { access, constants, readFile, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Metadata, SharpOptions } from "sharp";
import { AlexNetError } from "../errors/base.js";
import { imageErrors } from "../errors/images.js";
import type { Pixels } from "./pixels.js";

/** What counts as an image when a folder is scanned: file extensions in lower case, with their dot. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".png",
  ".gif",
  ".webp",
  ".tif",
  ".tiff",
  ".avif",
];

/**
 * An image of more pixels is refused by its header: they would be 805 MB as RGB bytes. It is sharp's own limit, 16383
 * squared, beyond the largest sensors of cameras and telephones (200 megapixels).
 */
export const MAX_PIXELS = 268_402_689;
/** The longest side that JPEG can have; it also bounds the tables of weights that a resize needs. */
export const MAX_SIDE = 65_535;
/** Photographs within MAX_PIXELS do not need more: 3 bytes a pixel are RGB, uncompressed, and its metadata. */
export const MAX_FILE_BYTES = 2 ** 30;

/** Decoding at the same time: a little more than there are cores, since a decoder also waits for its file. */
export const DECODERS = availableParallelism() + 2;

/** Vector formats, which sharp would draw, are left out: a network was never trained on drawings of text files. */
const FORMATS: readonly string[] = ["jpeg", "png", "gif", "webp", "tiff", "avif"];

/**
 * What a decoder only warns of is refused too. In a JPEG that is damaged inside it sees nothing worse, since Huffman
 * codes have no checksum: it warns, fills the rest with grey or with shifted blocks, and those would be scored.
 */
const FAIL_ON: SharpOptions["failOn"] = "warning";

export interface DecodeOptions {
  /** Looked at between reading, header and pixels; a step that has begun is finished and its result dropped. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads an image file, or its bytes, as 8-bit RGB.
 *
 * The EXIF orientation is applied; grey becomes three equal channels; CMYK goes through a press profile to sRGB;
 * of 16 bits the upper 8 are kept; alpha is dropped, so the colour stored under a transparent pixel is what
 * counts (as in Caffe's reader); of an animation or a document the first frame or page is taken. Embedded colour
 * profiles are not applied, as Pillow and OpenCV do not: the published weights were trained that way.
 *
 * @returns data [height, width, 3] in bytes 0..255, in memory of its own.
 * @throws AlexNetError IMAGE_MISSING, IMAGE_NOT_A_FILE, IMAGE_TOO_LARGE, IMAGE_UNREADABLE; INPUT_INVALID where
 * `source` is neither a string nor a Uint8Array; the reason of `options.signal` once that is aborted.
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Pixels> {
  const { signal } = options;
  signal?.throwIfAborted();
  const at = typeof source === "string" ? source : "buffer";
  // Always by bytes: libvips caches what it read by path and would show the old pixels of a file that changed.
  const bytes = typeof source === "string" ? await readImageFile(source) : asBytes(source);
  if (bytes.length === 0) throw imageErrors.empty(at);
  if (bytes.length > MAX_FILE_BYTES) throw imageErrors.fileTooLarge(at, bytes.length, MAX_FILE_BYTES);
  const sharp = await loadDecoder();
  signal?.throwIfAborted();
  const lookAtHeader = async () => {
    checkHeader(at, await sharp(bytes, { failOn: FAIL_ON, limitInputPixels: false }).metadata());
  };
  // Most images are JPEGs, whose format is known and whose sides cannot be too long. What is left of the checks, the
  // number of pixels, the decoder makes too: the header is read only to say what was wrong.
  const jpeg = isJpeg(bytes);
  try {
    if (!jpeg) await lookAtHeader();
    signal?.throwIfAborted();
    const { data, info } = await sharp(bytes, {
      failOn: FAIL_ON,
      ignoreIcc: true,
      limitInputPixels: MAX_PIXELS,
    })
      .autoOrient()
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch(async (error: unknown) => {
        if (jpeg) await lookAtHeader();
        throw error;
      });
    signal?.throwIfAborted();
    // What follows counts on it, and would read beyond the end or every colour wrong.
    if (info.channels !== 3) throw new Error(`${info.channels} channels instead of RGB`);
    // Not as a Buffer, whose slice() shares memory where a Uint8Array's copies.
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, data: pixels };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AlexNetError) throw error;
    throw imageErrors.undecodable(at, reasonOf(error), FORMATS, error);
  }
}

/** Loaded when it is wanted: it brings a large library, which takes as long as everything else of a start. */
export const loadDecoder = async () => (await import("sharp")).default;

function asBytes(source: unknown): Uint8Array {
  if (!(source instanceof Uint8Array)) throw imageErrors.source(source);
  return source;
}

/** Two bytes begin the image and one the first marker. Nothing else that the decoder knows starts with them. */
const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    // Before opening: a named pipe would block a thread of the pool, a device might never end.
    const entry = await stat(path);
    if (entry.isDirectory()) throw imageErrors.notAFile(path, await kindOfFolder(path));
    if (!entry.isFile()) throw imageErrors.notAFile(path, "a device, pipe or socket");
    if (entry.size > MAX_FILE_BYTES) throw imageErrors.fileTooLarge(path, entry.size, MAX_FILE_BYTES);
    return await readFile(path);
  } catch (error) {
    if (error instanceof AlexNetError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : reasonOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw imageErrors.missing(path);
    throw imageErrors.cannotOpen(path, code, error);
  }
}

/** Whoever searched it for images passes on one that could not be read. */
async function kindOfFolder(path: string): Promise<string> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
    return "a directory";
  } catch {
    return "a directory that cannot be read";
  }
}

/** What can be refused without a pixel. */
function checkHeader(at: string, header: Metadata): void {
  const { width, height } = header;
  // HEIC has AVIF's container with a codec that is not built in.
  const format = header.format === "heif" && header.compression === "av1" ? "avif" : header.format;
  if (!FORMATS.includes(format)) throw imageErrors.format(at, format, FORMATS);
  if (width * height > MAX_PIXELS) throw imageErrors.tooManyPixels(at, width, height, MAX_PIXELS);
  if (Math.max(width, height) > MAX_SIDE) throw imageErrors.sideTooLong(at, width, height, MAX_SIDE);
}

/** libvips repeats itself over several lines, searching the end of a file in some; the first other one tells. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return lines.find((line) => !line.includes("bad seek")) ?? lines.join("; ");
}
