/** Sizes whose product is past the safe integers, or past 64 bits, where it might come out small again. */
import { floats, safetensorsBytes, zipBytes } from "../helpers/build.js";
import * as caffe from "../helpers/caffe.js";
import { arrayPickle, layersNpy, npyBytes } from "../helpers/numpy.js";
import { onnxBytes, tensor } from "../helpers/onnx.js";
import { TORCH, VIEWED } from "./formats.js";
import { itRefuses, type HostileCase } from "./judge.js";

const DAMAGED = "; the file is damaged, get it again";
const FEWER = `it must be of fewer than 2^53 elements${DAMAGED}`;
const LARGEST = 2 ** 31 - 1;

const entry = (shape: readonly number[], end: number) => ({
  a: { dtype: "F32", shape, data_offsets: [0, end] },
});
const blob = (...fields: Buffer[]): Buffer =>
  caffe.net(caffe.layer({ name: "w", blobs: [Buffer.concat(fields)] }));

const CASES: readonly HostileCase[] = [
  [
    "safetensors",
    "2^31 x 2^31 x 4, which is 0 in 64 bits",
    () => safetensorsBytes(entry([2 ** 31, 2 ** 31, 4], 0), Buffer.alloc(0)),
    `FILE: tensor "a": shape is [2147483648,2147483648,4]; ${FEWER}`,
  ],
  [
    "safetensors",
    "2^32 x 2^32 x 0",
    () => safetensorsBytes(entry([2 ** 32, 2 ** 32, 0], 0), Buffer.alloc(0)),
    `FILE: tensor "a": shape is [4294967296,4294967296,0]; ${FEWER}`,
  ],
  [
    "safetensors",
    "2^53 - 1, whose bytes are past 2^53",
    () => safetensorsBytes(entry([2 ** 53 - 1], 4), floats(1)),
    /^FILE: tensor "a": data_offsets is \[0,4\]; it must be 36028797018963\d{3} bytes apart, as shape \[9007199254740991\] of /,
  ],
  ...TORCH.flatMap((format): HostileCase[] =>
    [[LARGEST, LARGEST], [65536, 65536, 65536, 65536], Array<number>(8).fill(LARGEST)].map((size) => [
      format,
      size.join(" x "),
      () =>
        VIEWED[format](
          size,
          size.map(() => 1),
        ),
      new RegExp(
        `^FILE: tensor "w": size is \\[${size.slice(0, 2).join(",")}.*; ${FEWER.replace("^", "\\^")}$`,
      ),
    ]),
  ),
  [
    "npy",
    "2^20 x 2^20",
    () => layersNpy(["l", arrayPickle({ shape: [2 ** 20, 2 ** 20] }), arrayPickle()]),
    'FILE: layer "l": weight: shape is [1048576,1048576]; it must be up to 8 whole numbers from 1 with a product of at' +
      ` most 67108864${DAMAGED}`,
  ],
  [
    "npz",
    "2^32 x 2^32, which is 0 in 64 bits",
    () => zipBytes([{ name: "a.npy", data: npyBytes("<f4", "(4294967296, 4294967296)", Buffer.alloc(0)) }]),
    /^FILE: member "a\.npy": size is \d+; it must be 7378697629483\d+, as shape \[4294967296, 4294967296\] of <f4 needs; /,
  ],
  [
    "caffemodel",
    "2^32 x 2^32",
    () => blob(caffe.shape(2n ** 32n, 2n ** 32n), caffe.data(1)),
    'FILE: layer "w": blob 0: its dimensions are 4294967296 x 4294967296, more than 2147483647 elements together' +
      DAMAGED,
  ],
  [
    "caffemodel",
    "four dimensions of 2^16, which are 0 in 64 bits",
    () => blob(caffe.dims(65536, 65536, 65536, 65536)),
    `FILE: layer "w": blob 0: its dimensions are 65536 x 65536 x 65536 x 65536, more than 2147483647 elements together${DAMAGED}`,
  ],
  [
    "caffemodel",
    "-1 x -1, whose product is positive",
    () => blob(caffe.dims(-1, -1, 1, 1), caffe.data(1)),
    `FILE: layer "w": blob 0: its dimensions are -1 x -1 x 1 x 1; each must be a whole number from 1${DAMAGED}`,
  ],
  [
    "onnx",
    "2^32 x 2^32",
    () => onnxBytes({ tensors: [tensor({ dims: [2 ** 32, 2 ** 32] })] }),
    `FILE: tensor "w": dims is [4294967296,4294967296]; ${FEWER}`,
  ],
];
itRefuses("sizes whose product overflows", CASES);
