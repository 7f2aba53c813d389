/** The kinds of weight file, told apart by their bytes and never by their name. A new one is a file and a line here. */
import type { WeightFormat } from "./format.js";
import { safetensors } from "./safetensors.js";
import { torchZip } from "./torch/torch-zip.js";

/** tar tells its kind latest, at byte 257. */
export const HEAD_BYTES = 512;

export const FORMATS: readonly WeightFormat[] = [safetensors, torchZip];

/** Kinds that are known by sight and not read. */
export interface UnreadKind {
  readonly kind: string;
  readonly next: string;
  matches(head: Uint8Array): boolean;
}

const startsWith =
  (bytes: readonly number[], at = 0) =>
  (head: Uint8Array): boolean =>
    bytes.every((byte, index) => head[at + index] === byte);

const ascii = (text: string): readonly number[] => [...Buffer.from(text, "latin1")];
const SAVE_AGAIN =
  "load it with PyTorch and save it with torch.save(model.state_dict(), path) of 1.6 or later";

export const UNREAD_KINDS: readonly UnreadKind[] = [
  {
    kind: "a PyTorch file of before 1.6",
    next: SAVE_AGAIN,
    // PROTO 2, then the magic number 0x1950a86a20f9469cfc6c as LONG1
    matches: startsWith([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
  },
  {
    kind: "a tar archive (PyTorch of before 0.1.10)",
    next: SAVE_AGAIN,
    matches: startsWith(ascii("ustar"), 257),
  },
  { kind: "a NumPy .npy file", next: "convert it to safetensors", matches: startsWith(ascii("\x93NUMPY")) },
  {
    kind: "an HDF5 file",
    next: "convert it to safetensors",
    matches: startsWith(ascii("\x89HDF\r\n\x1a\n")),
  },
  { kind: "a gzip file", next: "unpack it first", matches: startsWith([0x1f, 0x8b]) },
];
