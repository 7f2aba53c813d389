/** One small file of each format, as a test wants it. */
import {
  floats,
  op,
  pickleBytes,
  safetensorsBytes,
  tensorPickle,
  torchBytes,
  zipBytes,
} from "../helpers/build.js";
import {
  int64,
  legacyBytes,
  list,
  storageEntry,
  table,
  tarTorchBytes,
  tensorEntry,
  views,
} from "../helpers/build-old-torch.js";
import * as caffe from "../helpers/caffe.js";
import { arrayPickle, byteString, layersNpy, npyBytes, objectNpy, PAIR } from "../helpers/numpy.js";
import { bytes, node, onnxBytes, tensor, value } from "../helpers/onnx.js";

export const FORMATS = [
  "safetensors",
  "torch-zip",
  "torch-legacy",
  "torch-tar",
  "npy",
  "npz",
  "caffemodel",
  "onnx",
] as const;
export type Format = (typeof FORMATS)[number];

/** Bytes of [1, 2, 3, ...] as float32. */
export const counted = (count: number): Buffer =>
  floats(...Array.from({ length: count }, (_, index) => index + 1));

/** A state dict with storage "0" as one tensor. */
const stateOf = (name: string, { length }: Buffer): Buffer =>
  op.dict(op.text(name), tensorPickle({ elements: length / 4, size: [length / 4] }));

/**
 * A file with one tensor of these float32 values: of one axis, or, where a format has no such ones, [1, n]. It is
 * called `name`, or as the format's layers are: NAME.weight.
 */
export const FILE_OF: Readonly<Record<Format, (name: string, values: Buffer) => Buffer>> = {
  safetensors: (name, values) =>
    safetensorsBytes(
      // not by an object, to which "__proto__" means something
      `{${JSON.stringify(name)}:{"dtype":"F32","shape":[${values.length / 4}],"data_offsets":[0,${values.length}]}}`,
      values,
    ),
  "torch-zip": (name, values) => torchBytes(pickleBytes(stateOf(name, values)), { 0: values }),
  "torch-legacy": (name, values) =>
    legacyBytes(stateOf(name, values), { storages: Buffer.concat([int64(values.length / 4), values]) }),
  "torch-tar": (name, values) =>
    tarTorchBytes({
      pickle: pickleBytes(op.dict(op.text(name), op.persistent(op.text("20")))),
      tensors: table(tensorEntry({ size: [values.length / 4] })),
      storages: Buffer.concat([
        table(storageEntry(10, "FloatStorage", Buffer.concat([int64(values.length / 4), values]))),
        views(),
      ]),
    }),
  npy: (name, values) =>
    layersNpy([
      name,
      arrayPickle({ shape: [1, values.length / 4], raw: byteString(values) }),
      arrayPickle({ raw: byteString(PAIR) }),
    ]),
  npz: (name, values) =>
    zipBytes([{ name: `${name}.npy`, data: npyBytes("<f4", `(${values.length / 4},)`, values) }]),
  caffemodel: (name, values) =>
    caffe.net(
      caffe.layer({ name, blobs: [Buffer.concat([caffe.shape(1, values.length / 4), bytes(5, values)])] }),
    ),
  onnx: (name, values) =>
    onnxBytes({
      nodes: [node("Gemm", ["x", name], ["y"], { attributes: { transB: 1 } })],
      inputs: [value("x", ["N", values.length / 4])],
      outputs: [value("y", ["N", 1])],
      tensors: [tensor({ name, dims: [1, values.length / 4], data: bytes(9, values) })],
    }),
};

/** The formats that hold a state dict in a pickle. */
export const TORCH = ["torch-zip", "torch-legacy", "torch-tar"] as const;
export type TorchFormat = (typeof TORCH)[number];

/** A file whose state dict, or, in a .npy, whose array is this pickle, without PROTO and STOP. */
export const PICKLED: Readonly<Record<TorchFormat | "npy", (pickle: Buffer) => Buffer>> = {
  "torch-zip": (pickle) => torchBytes(pickleBytes(pickle)),
  "torch-legacy": (pickle) => legacyBytes(pickle, { keys: list(), storages: Buffer.alloc(0) }),
  "torch-tar": (pickle) => tarTorchBytes({ pickle: pickleBytes(pickle) }),
  npy: objectNpy,
};

/** What messages call the pickle, and the byte of it at which `PICKLED` puts the one that is given. */
export const PICKLE_AT: Readonly<Record<TorchFormat | "npy", readonly [name: string, byte: number]>> = {
  "torch-zip": ["archive/data.pkl", 2],
  "torch-legacy": ["the stream", 76],
  "torch-tar": ["pickle", 2],
  npy: ["the pickle:", 67],
};

/** A file with the tensor "w" of this size and stride over a storage of two floats. */
export const VIEWED: Readonly<
  Record<TorchFormat, (size: readonly number[], stride: readonly number[]) => Buffer>
> = {
  "torch-zip": (size, stride) =>
    torchBytes(pickleBytes(op.dict(op.text("w"), tensorPickle({ size, stride })))),
  "torch-legacy": (size, stride) => legacyBytes(op.dict(op.text("w"), tensorPickle({ size, stride }))),
  "torch-tar": (size, stride) => tarTorchBytes({ tensors: table(tensorEntry({ size, stride })) }),
};

/** Bytes and texts, one behind the other. */
export const raw = (...parts: readonly (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part))));
