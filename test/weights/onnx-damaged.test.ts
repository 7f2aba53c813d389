/** What an ONNX file, its tensors and its metadata must not have, and how that is told. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { loadWeights } from "../../lib/weights/load.js";
import { floats } from "./helpers/build.js";
import { eachCut, expectError, readAll, withFile } from "./helpers/files.js";
import {
  bytes,
  int,
  int64s,
  node,
  onnxBytes,
  onnxFixture,
  tensor,
  text,
  varint,
  type ModelParts,
} from "./helpers/onnx.js";

const DAMAGED = "; the file is damaged, get it again";
const EXPORT = "; export the model for inference, in float32, with opset 17";
const CHAIN =
  "; it must be one chain of nodes from the one input to the one output; export the plain network";

const CASES: readonly [what: string, parts: ModelParts, message: string | RegExp][] = [
  ["opset 2", { opset: 2 }, `the model: opset is 2; it must be from 3 to 22${EXPORT}`],
  ["opset 23", { opset: 23 }, `the model: opset is 23; it must be from 3 to 22${EXPORT}`],
  ["IR version 2", { ir: 2 }, `the model: ir_version is 2; it must be from 3 to 13${EXPORT}`],
  ["functions", { model: bytes(25, text(1, "f")) }, `the model has functions${EXPORT}`],
  ["training", { model: bytes(20) }, `the model has training_info${EXPORT}`],
  ["two opsets", { model: bytes(8, int(2, 13)) }, `the model has two opsets of the same domain${DAMAGED}`],
  ["two graphs", { model: bytes(7) }, `the model has field 7 twice${DAMAGED}`],
  ["sparse tensors", { graph: bytes(15) }, `the graph has sparse_initializer${EXPORT}`],
  ["quantisation", { graph: bytes(14) }, `the graph has quantization_annotation${EXPORT}`],
  [
    "two tensors of a name",
    { tensors: [tensor(), tensor()] },
    'tensor "w" is there twice; names must differ; remove or rename one',
  ],
  ["a tensor without a name", { tensors: [tensor({ name: "" })] }, `initializer 1 has no name${DAMAGED}`],
  [
    "raw and typed data",
    { tensors: [tensor({ more: bytes(4, floats(1)) })] },
    `tensor "w" has both raw_data and float_data${DAMAGED}`,
  ],
  ["no data", { tensors: [tensor({ data: Buffer.alloc(0) })] }, `tensor "w" has no data${DAMAGED}`],
  [
    "data of another type",
    { tensors: [tensor({ data: bytes(10, Buffer.alloc(48)) })] },
    `tensor "w" has double_data, which is not for its data_type 1${DAMAGED}`,
  ],
  [
    "too little data",
    { tensors: [tensor({ data: bytes(9, floats(1, 2, 3, 4, 5)) })] },
    `tensor "w": the number of its elements is 5; it must be 6, as its dims are${DAMAGED}`,
  ],
  [
    "a part of a number",
    { tensors: [tensor({ data: bytes(9, Buffer.alloc(22)) })] },
    `tensor "w": the number of its elements is 5.5; it must be 6, as its dims are${DAMAGED}`,
  ],
  [
    "too many halves",
    { tensors: [tensor({ type: 10, data: bytes(5, Buffer.alloc(7)) })] },
    `tensor "w": the number of its elements is 7; it must be 6, as its dims are${DAMAGED}`,
  ],
  [
    "a half of 17 bits",
    { tensors: [tensor({ type: 10, data: bytes(5, Buffer.alloc(5), varint(65536)) })] },
    `tensor "w": a number of int32_data is 65536; it must be the 16 bits of a half${DAMAGED}`,
  ],
  [
    "a segment",
    { tensors: [tensor({ more: bytes(3, int(1, 0)) })] },
    "initializer 1 has a segment; save every tensor in one piece",
  ],
  [
    "a zero size",
    { tensors: [tensor({ dims: [0, 3] })] },
    `tensor "w": dims is [0,3]; it must be whole numbers from 1${DAMAGED}`,
  ],
  [
    "a negative size",
    { tensors: [tensor({ dims: [2, -3] })] },
    `tensor "w": dims is [2,-3]; it must be whole numbers from 1${DAMAGED}`,
  ],
  [
    "sizes whose product is past the safe integers",
    { tensors: [tensor({ dims: [2 ** 30, 2 ** 30] })] },
    `tensor "w": dims is [1073741824,1073741824]; it must be of fewer than 2^53 elements${DAMAGED}`,
  ],
  [
    "a size past the safe integers",
    { tensors: [tensor({ dims: [2n ** 60n] })] },
    `initializer 1: field 1 at byte 43 is 1152921504606846976, past 2^53${DAMAGED}`,
  ],
  [
    "quantised weights",
    { tensors: [tensor({ type: 3, data: bytes(9, Buffer.alloc(6)) })] },
    "node 1 (Gemm): input 2 (weights): data_type is 3; it must be 1 (float), 10 (float16), 11 (double) or" +
      " 16 (bfloat16); export the model in float32, not quantised",
  ],
  [
    "weights that are not in the file",
    { tensors: [] },
    `node 1 (Gemm) reads "w", which no node before it makes${CHAIN}`,
  ],
  [
    "a constant without a value",
    { nodes: [node("Constant", [], ["w"]), node("Gemm", ["x", "w"], ["y"])], tensors: [] },
    "node 1 (Constant): its value is nothing; it must be a tensor or numbers; export the model in float32",
  ],
  [
    "a shape that fills the memory",
    {
      nodes: [node("ConstantOfShape", ["s"], ["w"]), node("Gemm", ["x", "w"], ["y"])],
      tensors: [tensor({ name: "s", dims: [2], type: 7, data: int64s(3, 2 ** 40) })],
    },
    "node 1 (ConstantOfShape): input 1 (shape) is [3,1099511627776]; it must be whole numbers from 1, up to 67108864" +
      " elements; export the model again",
  ],
  [
    "metadata of another network",
    {
      metadata: {
        format: "alexnet-threads",
        network: '{"name":"mine","input":[3,1,1],"layers":[{"type":"relu","name":"r"}]}',
      },
    },
    'metadata_props network: "mine" does not compute what the graph computes; remove metadata_props, or export the network again',
  ],
  [
    "metadata that are no JSON",
    { metadata: { format: "alexnet-threads", labels: "cat" } },
    'metadata_props labels: it is not JSON: a value expected at character 0, got "c"; save the weights again',
  ],
  [
    "a name that is not UTF-8",
    { nodes: [bytes(1, bytes(3, Buffer.from([0xff])))] },
    `node 1: field 3 at byte 6 is not UTF-8${DAMAGED}`,
  ],
  [
    "an attribute of two values",
    {
      nodes: [
        node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), int(3, 1), text(4, "s"), int(20, 2)) }),
      ],
    },
    `node 1 (Relu): attribute 1 has both INT and STRING${DAMAGED}`,
  ],
  [
    "an attribute that is not of its type",
    { nodes: [node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), int(3, 1), int(20, 1)) })] },
    `node 1 (Relu): attribute 1 says that it is FLOAT and has INT${DAMAGED}`,
  ],
  [
    "an attribute without a value",
    { nodes: [node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a")) })] },
    `node 1 (Relu): attribute 1 has type 0 and no value of it${DAMAGED}`,
  ],
  [
    "an attribute that says it is a tensor",
    { nodes: [node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), int(20, 4)) })] },
    `node 1 (Relu): attribute 1 has no tensor${DAMAGED}`,
  ],
  [
    "65 numbers in an attribute",
    {
      nodes: [
        node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), bytes(8, Buffer.alloc(65)), int(20, 7)) }),
      ],
    },
    `node 1 (Relu): attribute 1, the field at byte 24 has 65 numbers, more than 64${DAMAGED}`,
  ],
  [
    "a part of a number in an attribute",
    {
      nodes: [
        node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), bytes(7, Buffer.alloc(6)), int(20, 6)) }),
      ],
    },
    `node 1 (Relu): attribute 1: field 7 at byte 23 has 1.5 floats; it must be whole ones, at most 64${DAMAGED}`,
  ],
  [
    "an attribute of a function",
    { nodes: [node("Relu", ["x"], ["y"], { more: bytes(5, text(1, "a"), text(21, "b")) })] },
    "node 1 (Relu): attribute 1 has ref_attr_name; export the model without functions",
  ],
  ["a node without an output", { nodes: [node("Relu", ["x"], [])] }, `node 1 (Relu) has no output${DAMAGED}`],
  [
    "a node of too many inputs",
    { nodes: [node("Relu", ["x", "w"], ["y"])] },
    `node 1 (Relu): the number of its inputs is 2; it must be 1${DAMAGED}`,
  ],
  [
    "a constant of an input",
    { nodes: [node("Constant", ["x"], ["c"])] },
    `node 1 (Constant) has 1 inputs and 1 outputs; it must have 0 and 1${DAMAGED}`,
  ],
  [
    "a field of another wire type",
    { graph: int(5, 1) },
    `the graph: field 5 at byte 120 is a varint; it must be bytes${DAMAGED}`,
  ],
  [
    "a place of data that is not known",
    { tensors: [tensor({ more: int(14, 2) })] },
    `tensor "w": data_location is 2; it must be 0 or 1${DAMAGED}`,
  ],
  [
    "4097 entries of metadata",
    { model: Buffer.concat(Array.from({ length: 4097 }, (_, index) => bytes(14, text(1, String(index))))) },
    "the model has field 14 4097 times, more than 4096; give a file of one network",
  ],
  [
    "17 MB of metadata",
    {
      metadata: Object.fromEntries(
        Array.from({ length: 17 }, (_, index) => [String(index), "x".repeat(1 << 20)]),
      ),
    },
    /^FILE: the model: entry 17: field 2 at byte \d+ has 1048576 bytes, more than 0; give a file of weights alone$/,
  ],
  [
    "a key of metadata twice",
    { model: Buffer.concat([bytes(14, text(1, "a")), bytes(14, text(1, "a"))]) },
    `the model has the key "a" twice${DAMAGED}`,
  ],
];

describe("ONNX files that are refused", () => {
  for (const [what, parts, message] of CASES)
    it(what, () =>
      withFile(onnxBytes(parts), (path) =>
        expectError(
          loadWeights(path),
          "WEIGHTS_INVALID",
          typeof message === "string" ? `FILE: ${message}` : message,
          path,
        ),
      ),
    );

  it("NaN, while it streams", () =>
    withFile(onnxBytes({ tensors: [tensor({ data: bytes(9, floats(1, 2, 3, 4, NaN, 6)) })] }), async (path) =>
      expectError(
        readAll(await loadWeights(path)),
        "WEIGHTS_INVALID",
        'FILE: tensor "fc1.weight": element 4 is NaN; every value must be finite as float32; training diverged or' +
          " the file is damaged",
        path,
      ),
    ));

  it("a model cut at any byte: an error, or the whole network where only metadata are missing", async () => {
    for (const name of ["zoo-9", "torch-17", "conv-group", "dtype-f16-pieces"]) {
      const values = await readAll(await loadWeights(onnxFixture(name)));
      await eachCut(await readFile(onnxFixture(name)), async (path, length) => {
        try {
          expect(await readAll(await loadWeights(path)), `${length} bytes`).to.deep.equal(values);
        } catch (error) {
          expect(error, `${length} bytes`).to.have.property("code", "WEIGHTS_INVALID");
        }
      });
    }
  });
});
