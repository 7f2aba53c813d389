/** The kinds of weight file, told apart by their bytes and never by their name. A new one is a file and a line here. */
import { caffemodel } from "./caffe/caffemodel.js";
import type { WeightFormat } from "./format.js";
import { npy } from "./numpy/npy.js";
import { npz } from "./numpy/npz.js";
import { onnx } from "./onnx/onnx.js";
import { safetensors } from "./safetensors.js";
import { torchLegacy } from "./torch/torch-legacy.js";
import { torchTar } from "./torch/torch-tar.js";
import { torchZip } from "./torch/torch-zip.js";

/** tar tells its kind latest, at byte 257. */
export const HEAD_BYTES = 512;

// onnx knows its kind by more bytes than safetensors does, whose first ones are a number
export const FORMATS: readonly WeightFormat[] = [
  onnx,
  safetensors,
  npy,
  npz,
  torchZip,
  torchLegacy,
  torchTar,
  caffemodel,
];

/** Kinds that are known by sight and not read. */
export interface UnreadKind {
  readonly kind: string;
  readonly next: string;
  matches(head: Uint8Array): boolean;
}

const startsWith =
  (bytes: readonly number[]) =>
  (head: Uint8Array): boolean =>
    bytes.every((byte, index) => head[index] === byte);

const ascii = (text: string): readonly number[] => [...Buffer.from(text, "latin1")];

export const UNREAD_KINDS: readonly UnreadKind[] = [
  {
    kind: "an HDF5 file",
    next: "convert it to safetensors",
    matches: startsWith(ascii("\x89HDF\r\n\x1a\n")),
  },
  {
    kind: "a mean image of Caffe (.binaryproto)",
    next: "give it with --mean (`loadMean`), beside the weights",
    // num 1, channels 3, height: a BlobProto
    matches: startsWith([0x08, 1, 0x10, 3, 0x18]),
  },
  { kind: "a gzip file", next: "unpack it first", matches: startsWith([0x1f, 0x8b]) },
];
