/** Tensors, storages and members that share bytes: legal where it is how a format ties weights, and bounded there. */
import {
  floats,
  op,
  pickleBytes,
  safetensorsBytes,
  tensorPickle,
  torchBytes,
  zipBytes,
} from "../helpers/build.js";
import * as old from "../helpers/build-old-torch.js";
import * as caffe from "../helpers/caffe.js";
import { arrayPickle, byteString, layersNpy, npyBytes, PAIR } from "../helpers/numpy.js";
import { bytes, int64s, node, onnxBytes, tensor, value } from "../helpers/onnx.js";
import { claimed } from "../helpers/proto.js";
import { raw, type Format } from "./formats.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const DAMAGED = "; the file is damaged, get it again";
/** Elements, and a megabyte of them: more than a file may name whatever its size, if it is named five times. */
const MANY = 1 << 18;
const MEGABYTE = Buffer.alloc(4 * MANY);

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const stateOf = (count: number): Buffer =>
  op.dict(
    ...indices(count).flatMap((index) => [
      op.text(`w${index}`),
      tensorPickle({ elements: MANY, size: [MANY] }),
    ]),
  );

/** Views 11, 12, ... of storage 10, each with a tensor. */
function tarOf(count: number): Buffer {
  const ids = indices(count).map((index) => 11 + index);
  const storage = old.storageEntry(10, "FloatStorage", Buffer.concat([old.int64(MANY), MEGABYTE]));
  const views = ids.map((id) => op.tuple(op.int(id), op.int(10), op.int(0), op.int(MANY)));
  return old.tarTorchBytes({
    storages: Buffer.concat([old.table(storage), old.views(...views)]),
    tensors: old.table(
      ...ids.map((id) => old.tensorEntry({ key: op.int(100 + id), storage: op.int(id), size: [MANY] })),
    ),
    pickle: pickleBytes(
      op.dict(...ids.flatMap((id) => [op.text(`w${id}`), op.persistent(op.text(String(100 + id)))])),
    ),
  });
}

/** Layers whose weights are one array, out of the memo. */
const npyOf = (count: number): Buffer =>
  layersNpy(
    ...indices(count).map((index) => {
      const array = arrayPickle({ shape: [512, 512], raw: byteString(MEGABYTE) });
      return [`l${index}`, index === 0 ? raw(array, "q", 9) : raw("h", 9), arrayPickle()] as const;
    }),
  );

/** Layers whose weights are arrays of their own over one text. */
const npyOfText = (count: number): Buffer =>
  layersNpy(
    ...indices(count).map((index) => {
      const text = index === 0 ? raw(op.text("\0".repeat(4 * MANY)), "q", 9) : raw("h", 9);
      const encoded = op.reduce(op.global("_codecs", "encode"), op.tuple(text, op.text("latin1")));
      return [`l${index}`, arrayPickle({ shape: [512, 512], raw: encoded }), arrayPickle()] as const;
    }),
  );

/** A chain of layers with the same weights. */
const onnxOf = (count: number): Buffer =>
  onnxBytes({
    inputs: [value("v0", ["N", 512])],
    outputs: [value(`v${count}`, ["N", 512])],
    tensors: [tensor({ dims: [512, 512], data: bytes(9, MEGABYTE) })],
    nodes: indices(count).map((index) => node("Gemm", [`v${index}`, "w"], [`v${index + 1}`])),
  });

/** Formats and how they tie weights. */
const TIED: readonly (readonly [format: Format, how: string, file: (count: number) => Buffer])[] = [
  [
    "torch-zip",
    "tensors of one storage",
    (count) => torchBytes(pickleBytes(stateOf(count)), { 0: MEGABYTE }),
  ],
  [
    "torch-legacy",
    "tensors of one storage",
    (count) => old.legacyBytes(stateOf(count), { storages: Buffer.concat([old.int64(MANY), MEGABYTE]) }),
  ],
  ["torch-tar", "views of one storage", tarOf],
  ["npy", "one array in the memo", npyOf],
  ["npy", "arrays of one text in the memo", npyOfText],
  ["onnx", "layers of one initializer", onnxOf],
];

const BOUND =
  /^FILE: the size of its tensors together is 52\d{5} bytes, more than 4 times the 10\d{5} in which they lie; save each /;

describe("weights that are tied", () => {
  const judge = Judge.ofSuite();
  for (const [format, how, file] of TIED)
    it(`${format}: ${how} are read up to four times a file's bytes, and refused beyond`, async () => {
      await judge.reads(file(2));
      await judge.reads(file(4));
      await judge.refuses(file(5), BOUND);
    });
});

const entry = (begin: number, end: number) => ({
  dtype: "F32",
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
});
const array = npyBytes("<f4", "(2,)", PAIR);
const state = pickleBytes(op.dict(op.text("w"), tensorPickle()));

const CASES: readonly HostileCase[] = [
  [
    "safetensors",
    "two tensors of the same bytes",
    () => safetensorsBytes({ a: entry(0, 8), b: entry(0, 8) }, floats(1, 2)),
    `FILE: tensor "b": data_offsets begin is 0; it must be 8, where the tensor before it ends${DAMAGED}`,
  ],
  [
    "safetensors",
    "tensors that overlap in part",
    () => safetensorsBytes({ a: entry(0, 8), b: entry(4, 12) }, floats(1, 2, 3)),
    `FILE: tensor "b": data_offsets begin is 4; it must be 8, where the tensor before it ends${DAMAGED}`,
  ],
  [
    "torch-zip",
    "two members of the same bytes",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: state },
        { name: "a/data/0", data: floats(1, 2) },
        { name: "a/data/1", data: floats(1, 2), offset: 10 },
      ]),
    /^FILE: member "a\/data\/1": offset is 10; it must be at least \d+, where the member before it ends; the file is /,
  ],
  [
    "torch-legacy",
    "two storages of one key",
    () =>
      old.legacyBytes(op.dict(op.text("w"), tensorPickle()), {
        keys: old.list(op.text("0"), op.text("0")),
        storages: Buffer.concat([old.int64(2), floats(1, 2), old.int64(2), floats(1, 2)]),
      }),
    `FILE: storage "0" is there twice${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a view past its storage",
    () =>
      old.tarTorchBytes({
        storages: Buffer.concat([
          old.table(old.storageEntry(10)),
          old.views(op.tuple(op.int(11), op.int(10), op.int(1), op.int(2))),
        ]),
      }),
    `FILE: storages: view 0: offset + elements is 3; it must be at most 2, the elements of its storage${DAMAGED}`,
  ],
  [
    "npz",
    "two arrays of the same bytes",
    () =>
      zipBytes([
        { name: "a.npy", data: array },
        { name: "b.npy", data: array, offset: 0 },
      ]),
    /^FILE: member "b\.npy": offset is 0; it must be at least \d+, where the member before it ends; the file is damaged/,
  ],
  [
    "caffemodel",
    "numbers that go on past their blob",
    () => {
      const blob = Buffer.concat([caffe.shape(3), claimed(5, 12, floats(1, 2))]);
      return caffe.net(caffe.layer({ name: "w", blobs: [blob] }), caffe.layer({ name: "next" }));
    },
    `FILE: layer "w": blob 0, the field at byte 18 says 12 bytes, 8 are left${DAMAGED}`,
  ],
  [
    "onnx",
    "256 MB of one number, out of 100 bytes",
    () =>
      onnxBytes({
        inputs: [value("x", ["N", 8192])],
        outputs: [value("y", ["N", 8192])],
        tensors: [tensor({ name: "s", dims: [2], type: 7, data: int64s(8192, 8192) })],
        nodes: [node("ConstantOfShape", ["s"], ["w"]), node("Gemm", ["x", "w"], ["y"])],
      }),
    /^FILE: the size of its tensors together is 268435456 bytes, more than 4 times the \d+ in which they lie; save each /,
  ],
];
itRefuses("bytes that are shared", CASES);
