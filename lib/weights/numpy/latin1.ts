/** Bytes that travel as a text: each is the character of its number (Latin-1), and the text is in UTF-8. */
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile } from "../file.js";
import type { PickleSpan } from "../pickle/pickle-values.js";

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;

/**
 * The bytes that a text in the file stands for.
 * @param at what they are, for messages
 * @throws AlexNetError WEIGHTS_INVALID where they are not as many as `size`, or the text has other characters.
 */
export async function unpackLatin1(
  source: string,
  at: string,
  file: OpenFile,
  { offset, length }: PickleSpan,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  let written = 0;
  for (let done = 0; done < length;) {
    const part = chunk.subarray(0, length - done);
    await file.read(offset + done, part);
    // a character that the chunk cuts in two belongs to the next one
    const whole = part.length - (part[part.length - 1] >= 0xc0 && done + part.length < length ? 1 : 0);
    const decoded = latin1Bytes(source, at, part.subarray(0, whole));
    if (written + decoded.length > size) throw wrongLength(source, at, written + decoded.length, size);
    bytes.set(decoded, written);
    written += decoded.length;
    done += whole;
  }
  if (written !== size) throw wrongLength(source, at, written, size);
  return bytes;
}

/** @throws AlexNetError WEIGHTS_INVALID for characters that are no bytes. */
export function latin1Bytes(source: string, at: string, text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const lead = text[i];
    if (lead < 0x80) bytes[length++] = lead;
    else {
      // U+0080 to U+00FF are C2 or C3 and a byte of 80 to BF
      const next = i + 1 < text.length ? text[i + 1] : 0;
      if ((lead !== 0xc2 && lead !== 0xc3) || next >> 6 !== 2)
        throw weightsErrors.broken(source, at, "holds a character that is no byte (U+0000 to U+00FF)");
      bytes[length++] = ((lead & 3) << 6) | (next & 0x3f);
      i++;
    }
  }
  return bytes.subarray(0, length);
}

const wrongLength = (source: string, at: string, got: number, size: number) =>
  weightsErrors.field(source, `${at}: characters`, got, `${size}, as its shape and dtype need`);
