import { AlexNetError, show } from "./base.js";

const unreadable = (message: string, options?: ErrorOptions) =>
  new AlexNetError("IMAGE_UNREADABLE", message, options);
const tooLarge = (message: string) => new AlexNetError("IMAGE_TOO_LARGE", message);
const input = (message: string) => new AlexNetError("INPUT_INVALID", message);

/** Errors of decoding and preparing images. `at` is the image's path, or "buffer" for bytes in memory. */
export const imageErrors = {
  source: (got: unknown) =>
    input(
      `image: got ${show(got)}; it must be the path of an image file or its bytes as a Uint8Array;` +
        ` read the file or pass its path`,
    ),
  missing: (at: string) =>
    new AlexNetError(
      "IMAGE_MISSING",
      `${at}: no such file; an image must be the path of an existing file; check the path`,
    ),
  notAFile: (at: string, kind: string) =>
    new AlexNetError(
      "IMAGE_NOT_A_FILE",
      `${at}: the path is ${kind}; an image must be a regular file; give the path of one image`,
    ),
  cannotOpen: (at: string, reason: string, cause: unknown) =>
    unreadable(`${at}: the file cannot be read (${reason}); check its path and permissions`, { cause }),
  empty: (at: string) =>
    unreadable(
      `${at}: the image has 0 bytes; it must be a whole image file; fetch or export the image again`,
    ),
  format: (at: string, format: string, formats: readonly string[]) =>
    unreadable(
      `${at}: the format is ${format}; it must be one of ${formats.join(", ")}; convert the image to one of them`,
    ),
  undecodable: (at: string, reason: string, formats: readonly string[], cause: unknown) =>
    unreadable(
      `${at}: the image cannot be decoded (${reason}); it must be a whole ${formats.join(", ")} file;` +
        ` open it in a viewer and export it again`,
      { cause },
    ),
  fileTooLarge: (at: string, bytes: number, limit: number) =>
    tooLarge(
      `${at}: the file has ${bytes} bytes; an image file must have at most ${limit} bytes; save a smaller version`,
    ),
  sideTooLong: (at: string, width: number, height: number, limit: number) =>
    tooLarge(
      `${at}: the image is ${width} x ${height} pixels; no side may exceed ${limit} pixels; cut or scale it down`,
    ),
  tooManyPixels: (at: string, width: number, height: number, limit: number) =>
    tooLarge(
      `${at}: the image is ${width} x ${height} = ${width * height} pixels; it must have at most ${limit} pixels;` +
        ` scale it down`,
    ),
  inputShape: (got: readonly number[], order: string, channels: number) =>
    input(
      `input: the network takes [${got.join(", ")}]; images whose preprocessing has the channels ${order} need an input` +
        ` [${channels}, H, W]; use a network of ${channels} channel${channels === 1 ? "" : "s"}, or other channels in` +
        ` the preprocessing`,
    ),
  inputLarger: (size: number, height: number, width: number) =>
    input(
      `preprocessing: size ${size} is less than the network's input ${height} x ${width}; a crop must fit into` +
        ` size x size; raise size`,
    ),
  cropOutside: (row: number, column: number, maximumRow: number, maximumColumn: number) =>
    input(
      `crop: the corner is row ${row}, column ${column}; row must be an integer 0..${maximumRow} and column` +
        ` 0..${maximumColumn}; choose a corner inside the prepared image`,
    ),
  meanImageSize: (length: number, channels: number, height: number, width: number) =>
    input(
      `preprocessing: meanImage has ${length} elements; it must have ${channels} x ${height} x ${width}, as the prepared image` +
        " has; give the mean that belongs to this size",
    ),
  targetTooSmall: (first: number, last: number, length: number) =>
    input(
      `target: the layout writes elements ${first}..${last}; the array has elements 0..${length - 1};` +
        ` check the layout's offset and strides`,
    ),
};
