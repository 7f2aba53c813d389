/** Names that are there twice, or mean something to JavaScript. */
import { expect } from "chai";
import { loadWeights } from "../../../lib/weights/load.js";
import {
  op,
  pickleBytes,
  safetensorsBytes,
  tensorPickle,
  torchBytes,
  zipBytes,
  floats,
} from "../helpers/build.js";
import * as old from "../helpers/build-old-torch.js";
import * as caffe from "../helpers/caffe.js";
import { readAll, withFile } from "../helpers/files.js";
import { arrayPickle, layersNpy, npyBytes, PAIR } from "../helpers/numpy.js";
import { node, onnxBytes, tensor } from "../helpers/onnx.js";
import { counted, FILE_OF, FORMATS, PICKLE_AT, PICKLED, TORCH } from "./formats.js";
import { itRefuses, Judge, type HostileCase } from "./judge.js";

const DAMAGED = "; the file is damaged, get it again";
const DIFFER = "is there twice; names must differ; remove or rename one";
const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
const array = npyBytes("<f4", "(2,)", PAIR);
const blob = Buffer.concat([caffe.shape(1, 1), caffe.data(1)]);
const layer = caffe.layer({ name: "w", blobs: [blob] });

const CASES: readonly HostileCase[] = [
  [
    "safetensors",
    "a tensor twice",
    () => safetensorsBytes(`{"a":${entry},"a":${entry}}`, floats(1)),
    `FILE: the header is not JSON: key "a" is there twice${DAMAGED}`,
  ],
  [
    "safetensors",
    "a tensor twice, once by an escape",
    () => safetensorsBytes(`{"a":${entry},"\\u0061":${entry}}`, floats(1)),
    `FILE: the header is not JSON: key "a" is there twice${DAMAGED}`,
  ],
  [
    "safetensors",
    "a field twice",
    () => safetensorsBytes('{"a":{"dtype":"F32","dtype":"F16"}}', floats(1)),
    `FILE: the header is not JSON: key "dtype" is there twice${DAMAGED}`,
  ],
  [
    "safetensors",
    "a tensor by two of its names",
    () => {
      const at = (begin: number) => ({ dtype: "F32", shape: [1], data_offsets: [begin, begin + 4] });
      return safetensorsBytes({ "features.0.weight": at(0), "conv1.weight": at(4) }, floats(1, 2));
    },
    `FILE: tensor "conv1.weight" ${DIFFER}`,
  ],
  ...TORCH.flatMap((format): HostileCase[] => [
    [
      format,
      "a key twice",
      () => PICKLED[format](op.dict(op.text("w"), op.none, op.text("w"), op.none)),
      new RegExp(`^FILE: ${PICKLE_AT[format][0]} byte \\d+ sets a key that is already there${DAMAGED}$`),
    ],
  ]),
  [
    "torch-zip",
    "a member twice",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(op.dict()) },
        { name: "a/data.pkl", data: pickleBytes(op.dict()) },
      ]),
    `FILE: member "a/data.pkl" is there twice${DAMAGED}`,
  ],
  [
    "torch-zip",
    "a pickle in two folders",
    () =>
      zipBytes([
        { name: "a/data.pkl", data: pickleBytes(op.dict()) },
        { name: "b/data.pkl", data: pickleBytes(op.dict()) },
      ]),
    `FILE: the zip archive has 2 members named data.pkl${DAMAGED}`,
  ],
  [
    "torch-zip",
    "a tensor with and without DataParallel's prefix",
    () =>
      torchBytes(
        pickleBytes(
          op.dict(op.text("module.conv1.bias"), tensorPickle(), op.text("conv1.bias"), tensorPickle()),
        ),
      ),
    `FILE: tensor "conv1.bias" ${DIFFER}`,
  ],
  [
    "torch-legacy",
    "a storage twice",
    () =>
      old.legacyBytes(op.dict(op.text("w"), tensorPickle()), {
        keys: old.list(op.text("0"), op.text("0")),
        storages: Buffer.concat([old.int64(2), floats(1, 2), old.int64(2), floats(1, 2)]),
      }),
    `FILE: storage "0" is there twice${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a member twice",
    () => old.tarBytes([{ name: "pickle" }, { name: "pickle" }]),
    `FILE: member "pickle" is there twice${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a storage twice",
    () =>
      old.tarTorchBytes({
        storages: Buffer.concat([old.table(old.storageEntry(10), old.storageEntry(10)), old.views()]),
      }),
    `FILE: storage "10" is there twice${DAMAGED}`,
  ],
  [
    "torch-tar",
    "a tensor twice",
    () => old.tarTorchBytes({ tensors: old.table(old.tensorEntry(), old.tensorEntry()) }),
    `FILE: tensor key "20" is there twice${DAMAGED}`,
  ],
  [
    "npy",
    "a layer twice",
    () =>
      layersNpy(
        ["l", arrayPickle({ shape: [1, 2] }), arrayPickle()],
        ["l", arrayPickle({ shape: [1, 2] }), arrayPickle()],
      ),
    /^FILE: the pickle: byte \d+ sets a key that is already there; the file is damaged, get it again$/,
  ],
  [
    "npz",
    "an array twice",
    () =>
      zipBytes([
        { name: "a.npy", data: array },
        { name: "a.npy", data: array },
      ]),
    `FILE: member "a.npy" is there twice${DAMAGED}`,
  ],
  ["caffemodel", "a layer twice", () => caffe.net(layer, layer), `FILE: tensor "w.weight" ${DIFFER}`],
  [
    "onnx",
    "an initializer twice",
    () => onnxBytes({ tensors: [tensor(), tensor()] }),
    `FILE: tensor "w" ${DIFFER}`,
  ],
  [
    "onnx",
    "a value that two nodes make",
    () => onnxBytes({ nodes: [node("Relu", ["x"], ["y"]), node("Relu", ["y"], ["y"])], tensors: [] }),
    /^FILE: node 2 \(Relu\) makes "y", which is there already; the file is damaged/,
  ],
];
itRefuses("names that are there twice", CASES);

describe("names that mean something to JavaScript", () => {
  const judge = Judge.ofSuite();
  for (const format of FORMATS)
    it(`${format}: are names like others`, async () => {
      for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "then"]) {
        const bytes = FILE_OF[format](name, counted(3));
        await judge.reads(bytes);
        await withFile(bytes, async (path) => {
          const weights = await loadWeights(path);
          // names of ONNX that do not end as a tensor's do are not those of layers
          // a Caffe layer gets a name that a network may have, which begins with a letter
          const legal = format === "caffemodel" ? name.replace(/^_+/, "") : name;
          const layer = format === "onnx" ? "fc1" : legal;
          const [key, values] = [...(await readAll(weights))][0];
          expect([name, `${layer}.weight`]).to.include(key);
          expect([...values]).to.deep.equal([1, 2, 3]);
          expect(weights.tensors).to.be.instanceOf(Map);
          expect(Object.keys(Object.prototype)).to.deep.equal([]);
        });
      }
    });
});
