/** Counts, lengths and sizes that are more than the file, or any file, holds. */
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
import { arrayPickle, byteString, layersNpy, npyBytes, npyHeader, PAIR } from "../helpers/numpy.js";
import { int, node, onnxBytes, tensor } from "../helpers/onnx.js";
import { claimed } from "../helpers/proto.js";
import { PICKLE_AT, PICKLED, raw, TORCH } from "./formats.js";
import { itRefuses, type HostileCase } from "./judge.js";

const DAMAGED = "; the file is damaged, get it again";
const ALONE = "; give a file of one network alone";
const state = op.dict(op.text("w"), tensorPickle());
const text = (length: number): Buffer => {
  const head = Buffer.alloc(5, "X");
  head.writeUInt32LE(length, 1);
  return head;
};
const layer = (...fields: Buffer[]): Buffer =>
  caffe.net(caffe.layer({ name: "w", blobs: [Buffer.concat(fields)] }));
/** Fields that no message has: two bytes each. */
const unknown = (count: number): Buffer => Buffer.alloc(2 * count, Buffer.of(0x58, 0));

const CASES: readonly HostileCase[] = [
  [
    "safetensors",
    "a header of 2^64 - 1 bytes",
    () => safetensorsBytes("{}", Buffer.alloc(0), 2n ** 64n - 1n),
    "FILE: the header length (bytes 0 to 8) is 18446744073709551615; it must be at most 2, to fit the file and the" +
      ` reader's limit${DAMAGED}`,
  ],
  [
    "safetensors",
    "a header of 4 GB in a file of as many zeros",
    () => ({ size: 2 ** 32 + 8, parts: [[0, safetensorsBytes("{", Buffer.alloc(0), 2n ** 32n)]] }),
    "FILE: the header length (bytes 0 to 8) is 4294967296; it must be at most 4194304, to fit the file and the" +
      ` reader's limit${DAMAGED}`,
  ],
  [
    "safetensors",
    "10000 tensors",
    () => {
      const entries = Array.from({ length: 10_000 }, (_, index) => [
        index,
        { dtype: "F32", shape: [1], data_offsets: [4 * index, 4 * index + 4] },
      ]);
      return safetensorsBytes(Object.fromEntries(entries) as object, Buffer.alloc(40_000));
    },
    `FILE: the number of its tensors is 10000, more than 2048${ALONE}`,
  ],
  [
    "safetensors",
    "a megabyte of header that is one name",
    () =>
      safetensorsBytes(
        { ["n".repeat(1e6)]: { dtype: "I8", shape: [0], data_offsets: [0, 0] } },
        Buffer.alloc(0),
      ),
    /^FILE: tensor "n{76}\.\.\.: dtype is "I8"; it must be one of F32, F16, BF16, F64; convert it to F32$/,
  ],
  [
    "torch-zip",
    "65535 members",
    () => zipBytes([{ name: "a/data.pkl", data: pickleBytes(state) }], { entries: 65535 }),
    /^FILE: the zip archive has 65535 members and a directory of \d+ bytes at \d+; the reader takes up to 4096 members, /,
  ],
  [
    "torch-zip",
    "a member of 4 GB",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(state) },
        { name: "a/data/0", data: floats(1, 2), size: 0xfffffff0 },
      ]),
    /^FILE: member "a\/data\/0": end is 42949\d+; it must be before the directory at \d+; the file is damaged/,
  ],
  [
    "torch-zip",
    "a storage of 2^31 elements",
    () =>
      torchBytes(
        pickleBytes(op.dict(op.text("w"), tensorPickle({ elements: 2 ** 31 - 1, size: [2 ** 31 - 1] }))),
      ),
    `FILE: tensor "w": storage elements is 2147483647; it must be 2, as its 8 bytes of F32 are${DAMAGED}`,
  ],
  [
    "torch-zip",
    "a tensor under 5000 names",
    () => {
      const again = Array.from({ length: 4999 }, (_, index) => [op.text(`k${index}`), raw("h", 1)]).flat();
      return torchBytes(
        pickleBytes(op.dict(op.text("w"), raw(tensorPickle({ size: [1] }), "q", 1), ...again)),
      );
    },
    `FILE: the number of its tensors is 5000, more than 2048${ALONE}`,
  ],
  ...([2n ** 63n - 1n, -1n, -(2n ** 63n)] as const).map((count): HostileCase => [
    "torch-legacy",
    `a storage of ${count} elements`,
    () => old.legacyBytes(state, { storages: Buffer.concat([old.int64(count), floats(1, 2)]) }),
    `FILE: storage "0": elements is ${Number(count)}; it must be from 0 to 2, for which there is room${DAMAGED}`,
  ]),
  [
    "torch-legacy",
    "5000 storage keys",
    () => old.legacyBytes(state, { keys: old.list(...Array<Buffer>(5000).fill(op.text("0"))) }),
    "FILE: storage keys are 5000, more than 4096; save the state dict alone",
  ],
  [
    "torch-legacy",
    "4096 storages of nothing that the file holds",
    () => {
      const keys = Array.from({ length: 4096 }, (_, index) => String(index));
      const tensors = keys.flatMap((key) => [op.text(`w${key}`), tensorPickle({ key })]);
      const storages = Buffer.concat(keys.map(() => Buffer.concat([old.int64(2), floats(1, 2)])));
      return old.legacyBytes(op.dict(...tensors), { keys: old.list(...keys.map(op.text)), storages });
    },
    `FILE: the number of its tensors is 4096, more than 2048${ALONE}`,
  ],
  [
    "torch-tar",
    "a member of 8 GB",
    () => old.tarBytes([{ name: "sys_info", size: "77777777777" }]),
    "FILE: the tar header at byte 0: size is 8589934591; it must be octal digits of at most 9728, the bytes that are" +
      ` left${DAMAGED}`,
  ],
  [
    "torch-tar",
    "2^31 tensors",
    () => old.tarTorchBytes({ tensors: pickleBytes(op.int(2 ** 31 - 1)) }),
    `FILE: tensors: count is 2147483647; it must be a whole number from 0 to 4096${DAMAGED}`,
  ],
  [
    "torch-tar",
    "2^64 storages",
    () => old.tarTorchBytes({ storages: pickleBytes(raw(0x8a, 9, Buffer.alloc(8), 1)) }),
    `FILE: storages: count is 18446744073709551616; it must be a whole number from 0 to 4096${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a tensor of 2^31 axes",
    () => old.tarTorchBytes({ tensors: old.table(old.tensorEntry({ rank: 2 ** 31 - 1 })) }),
    `FILE: tensors: entry 0: axes is 2147483647; it must be from 0 to 8${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a storage of 2^62 elements",
    () => {
      const content = Buffer.concat([old.int64(2n ** 62n), floats(1, 2)]);
      return old.tarTorchBytes({
        storages: Buffer.concat([old.table(old.storageEntry(10, "FloatStorage", content)), old.views()]),
      });
    },
    `FILE: storage "10": elements is 4611686018427388000; it must be from 0 to 3, for which there is room${DAMAGED}`,
  ],
  [
    "torch-tar",
    "4096 tensors of eight axes",
    () => {
      const ids = Array.from({ length: 4096 }, (_, index) => index);
      const eight = Array<number>(8).fill(1);
      return old.tarTorchBytes({
        storages: Buffer.concat([old.table(...ids.map((id) => old.storageEntry(id))), old.views()]),
        tensors: old.table(
          ...ids.map((id) =>
            old.tensorEntry({ key: op.int(10_000 + id), storage: op.int(id), size: eight, stride: eight }),
          ),
        ),
        pickle: pickleBytes(
          op.dict(...ids.flatMap((id) => [op.text(`w${id}`), op.persistent(op.text(String(10_000 + id)))])),
        ),
      });
    },
    `FILE: the number of its tensors is 4096, more than 2048${ALONE}`,
  ],
  ...TORCH.flatMap((format): HostileCase[] => [
    [
      format,
      "a text of 4 GB",
      () => PICKLED[format](text(2 ** 32 - 1)),
      format === "torch-legacy"
        ? /^FILE: the stream byte 76 needs 4294967295 bytes, \d+ are left/
        : new RegExp(`^FILE: ${PICKLE_AT[format][0]} byte 2 needs 4294967295 bytes, 1 are left; the file is`),
    ],
    [
      format,
      "200000 opcodes",
      () => PICKLED[format](Buffer.alloc(300_000, "N")),
      new RegExp(
        `^FILE: ${PICKLE_AT[format][0]} byte \\d+ is the last of 200000 opcodes that are read; save `,
      ),
    ],
  ]),
  [
    "npy",
    "a header of 4 GB",
    () => npyHeader("{}", [2, 0], 2 ** 32 - 1),
    `FILE: the .npy header's length is 4294967295; it must be at most 10000${DAMAGED}`,
  ],
  [
    "npy",
    "a byte string of 4 GB",
    () => layersNpy(["l", arrayPickle({ shape: [1, 2], raw: byteString(PAIR, 2 ** 32 - 1) }), arrayPickle()]),
    /^FILE: the pickle: byte \d+ needs 4294967295 bytes, \d+ are left; the file is damaged/,
  ],
  [
    "npy",
    "a byte string of -2^31 bytes",
    () => layersNpy(["l", arrayPickle({ shape: [1, 2], raw: raw("T", 0, 0, 0, 0x80, PAIR) }), arrayPickle()]),
    /^FILE: the pickle: byte \d+ says a length of -2147483648; the file is damaged/,
  ],
  [
    "npz",
    "300 arrays",
    () =>
      zipBytes(
        Array.from({ length: 300 }, (_, index) => ({
          name: `${index}.npy`,
          data: npyBytes("<f4", "(2,)", PAIR),
        })),
      ),
    "FILE: the zip archive has 300 arrays, more than 256; save those of one network alone",
  ],
  [
    "npz",
    "a size of 20 digits",
    () => zipBytes([{ name: "a.npy", data: npyBytes("<f4", "(99999999999999999999,)", PAIR) }]),
    'FILE: member "a.npy": a size of the .npy header is 10000000000000000; it must be below 2^53' + DAMAGED,
  ],
  [
    "caffemodel",
    "a layer of 2^63 bytes",
    () => caffe.net(caffe.layer({ name: "a" }), claimed(100, 2n ** 63n, Buffer.from("a"))),
    `FILE: the net, the field at byte 11 says 9223372036854775808 bytes, 1 are left${DAMAGED}`,
  ],
  [
    "caffemodel",
    "70000 fields",
    () => layer(caffe.shape(2), caffe.data(1, 2), unknown(70_000)),
    /^FILE: layer "w": blob 0 at byte \d+ brings the file to more than 65536 fields; give a file of weights alone$/,
  ],
  [
    "caffemodel",
    "16000 blobs",
    () =>
      caffe.net(
        ...Array.from({ length: 1000 }, (_, index) =>
          caffe.layer({
            name: `l${index}`,
            blobs: Array<Buffer>(16).fill(Buffer.concat([caffe.shape(1), caffe.data(1)])),
          }),
        ),
      ),
    /^FILE: layer "l\d+": blob \d+: shape at byte \d+ brings the file to more than 65536 fields; give a file of /,
  ],
  [
    "caffemodel",
    "33 axes",
    () => layer(caffe.shape(...Array<number>(33).fill(1)), caffe.data(1)),
    /^FILE: layer "w": blob 0: shape, the field at byte \d+ has 33 numbers, more than 32; the file is damaged/,
  ],
  [
    "caffemodel",
    "2000 layers",
    () => caffe.net(...Array.from({ length: 2000 }, (_, index) => caffe.layer({ name: `l${index}` }))),
    `FILE: the net: its layers are 2000; there must be from 1 to 1024${DAMAGED}`,
  ],
  [
    "caffemodel",
    "numbers in 30000 pieces",
    () => layer(caffe.shape(30_000), ...Array<Buffer>(30_000).fill(caffe.data(1))),
    `FILE: layer "w": blob 0: its data is in 30000 pieces; it must be at most 256${DAMAGED}`,
  ],
  [
    "onnx",
    "a graph of 2^63 bytes",
    () => Buffer.concat([int(1, 8), claimed(7, 2n ** 63n, Buffer.from("aaaa"))]),
    `FILE: the model, the field at byte 2 says 9223372036854775808 bytes, 4 are left${DAMAGED}`,
  ],
  [
    "onnx",
    "5000 nodes",
    () =>
      onnxBytes({ nodes: Array.from({ length: 5000 }, (_, index) => node("Relu", ["x"], [`y${index}`])) }),
    "FILE: the graph has field 1 5000 times, more than 4096; give a file of one network",
  ],
  [
    "onnx",
    "257 layers",
    () => {
      const nodes = Array.from({ length: 257 }, (_, index) =>
        node("Relu", [index === 0 ? "x" : `v${index}`], [`v${index + 1}`]),
      );
      return onnxBytes({ nodes, tensors: [] });
    },
    "FILE: the graph has more than 256 layers; give a model of one network",
  ],
  [
    "onnx",
    "70000 fields",
    () => onnxBytes({ graph: unknown(70_000) }),
    /^FILE: the graph at byte \d+ brings the file to more than 65536 fields; give a file of weights alone$/,
  ],
  [
    "onnx",
    "a tensor of 9 axes",
    () => onnxBytes({ tensors: [tensor({ dims: Array<number>(9).fill(1) })] }),
    /^FILE: initializer 1: field 1 at byte \d+ brings its numbers to 9, more than 8; the file is damaged, get it again$/,
  ],
];

itRefuses("counts that are too large", CASES);
