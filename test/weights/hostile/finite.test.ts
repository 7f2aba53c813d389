/** Weights that are no numbers: a file that is right in every other way is refused where one is read. */
import {
  floats,
  op,
  pickleBytes,
  safetensorsBytes,
  tensorPickle,
  torchBytes,
  zipBytes,
} from "../helpers/build.js";
import * as caffe from "../helpers/caffe.js";
import { npyBytes } from "../helpers/numpy.js";
import { bytes, node, onnxBytes, tensor, value } from "../helpers/onnx.js";
import { packedDoubles } from "../helpers/proto.js";
import { FILE_OF, FORMATS, type Format } from "./formats.js";
import { itRefuses, type HostileCase } from "./judge.js";

const NEXT = "every value must be finite as float32; training diverged or the file is damaged";
const NAMES: Readonly<Partial<Record<Format, string>>> = {
  npy: "w.weight",
  caffemodel: "w.weight",
  onnx: "fc1.weight",
};
const halves = (...bits: number[]): Buffer => Buffer.from(Uint16Array.from(bits).buffer);
const doubles = (...values: number[]): Buffer => Buffer.from(Float64Array.from(values).buffer);
const entry = (dtype: string, bytesOf: Buffer) =>
  safetensorsBytes({ w: { dtype, shape: [2], data_offsets: [0, bytesOf.length] } }, bytesOf);
const storage = (type: string, content: Buffer) =>
  torchBytes(pickleBytes(op.dict(op.text("w"), tensorPickle({ type }))), { 0: content });

const CASES: readonly HostileCase[] = [
  ...FORMATS.flatMap((format) =>
    [NaN, Infinity, -Infinity].map((bad): HostileCase => [
      format,
      String(bad),
      () => FILE_OF[format]("w", floats(1, 2, bad, 4)),
      `FILE: tensor "${NAMES[format] ?? "w"}": element 2 is ${bad}; ${NEXT}`,
    ]),
  ),
  [
    "safetensors",
    "NaN in F16",
    () => entry("F16", halves(0x3c00, 0x7e00)),
    `FILE: tensor "w": element 1 is NaN; ${NEXT}`,
  ],
  [
    "safetensors",
    "infinity in BF16",
    () => entry("BF16", halves(0x3f80, 0xff80)),
    `FILE: tensor "w": element 1 is -Infinity; ${NEXT}`,
  ],
  [
    "safetensors",
    "a double that is past float32",
    () => entry("F64", doubles(1, 1e300)),
    `FILE: tensor "w": element 1 is Infinity; ${NEXT}`,
  ],
  [
    "torch-zip",
    "NaN in halves",
    () => storage("HalfStorage", halves(0x3c00, 0x7e00)),
    `FILE: tensor "w": element 1 is NaN; ${NEXT}`,
  ],
  [
    "torch-zip",
    "a double that is past float32",
    () => storage("DoubleStorage", doubles(1, -1e39)),
    `FILE: tensor "w": element 1 is -Infinity; ${NEXT}`,
  ],
  [
    "npz",
    "NaN in the last element, out of Fortran's order",
    () => zipBytes([{ name: "w.npy", data: npyBytes("<f4", "(2, 2)", floats(1, 2, 3, NaN), "True") }]),
    `FILE: tensor "w": element 3 is NaN; ${NEXT}`,
  ],
  [
    "npz",
    "a double that is past float32",
    () => zipBytes([{ name: "w.npy", data: npyBytes("<f8", "(2,)", doubles(1, 1e39)) }]),
    `FILE: tensor "w": element 1 is Infinity; ${NEXT}`,
  ],
  [
    "caffemodel",
    "a double that is past float32",
    () =>
      caffe.net(
        caffe.layer({ name: "w", blobs: [Buffer.concat([caffe.shape(1, 2), packedDoubles(8, 1, 1e39)])] }),
      ),
    `FILE: tensor "w.weight": element 1 is Infinity; ${NEXT}`,
  ],
  [
    "onnx",
    "weights whose product with alpha is past float32",
    () =>
      onnxBytes({
        nodes: [node("Gemm", ["x", "w"], ["y"], { attributes: { transB: 1, alpha: { float: 1e30 } } })],
        inputs: [value("x", ["N", 2])],
        outputs: [value("y", ["N", 1])],
        tensors: [tensor({ dims: [1, 2], data: bytes(9, floats(1, 1e30)) })],
      }),
    `FILE: tensor "fc1.weight": element 1 is Infinity; ${NEXT}`,
  ],
];
itRefuses("weights that are no numbers", CASES);
