/** What the graph of an ONNX model must not have, and how that is told. */
import { loadWeights } from "../../lib/weights/load.js";
import { floats } from "./helpers/build.js";
import { expectError, withFile } from "./helpers/files.js";
import {
  bytes,
  int,
  int64s,
  node,
  onnxBytes,
  tensor,
  text,
  value,
  type Attribute,
  type ModelParts,
} from "./helpers/onnx.js";

const DAMAGED = "; the file is damaged, get it again";
const EXPORT = "; export the model for inference, in float32, with opset 17";
const CHAIN =
  "; it must be one chain of nodes from the one input to the one output; export the plain network";
const KNOWN =
  "Conv, Relu, MaxPool, AveragePool, LRN, Gemm, MatMul, Add, Mul, Flatten, Reshape, Dropout, Softmax, Identity," +
  " Constant, ConstantOfShape";

const map = [value("x", ["N", 2, 4, 4])];
const weight = tensor({ name: "w", dims: [2, 2, 3, 3] });
const out = [value("y", ["N", 2, 2, 2])];
const conv = (attributes: Record<string, Attribute>): ModelParts => ({
  nodes: [node("Conv", ["x", "w"], ["y"], { name: "c", attributes })],
  tensors: [weight],
  inputs: map,
  outputs: out,
});
const alone = (operator: string, attributes: Record<string, Attribute> = {}): ModelParts => ({
  nodes: [node(operator, ["x"], ["y"], { attributes })],
  tensors: [],
  inputs: map,
  outputs: [value("y", ["N", 2, 4, 4])],
});
const gemm = (attributes: Record<string, Attribute>): ModelParts => ({
  nodes: [node("Gemm", ["x", "w"], ["y"], { attributes })],
});
const relu = (from: string, to: string) => node("Relu", [from], [to]);
const chain = (...nodes: Buffer[]): ModelParts => ({ nodes, outputs: [value("y", ["N", 3])] });

const CASES: readonly [what: string, parts: ModelParts, message: string][] = [
  [
    "an operator",
    alone("Tanh"),
    `node 1 (Tanh) is no operator that is read; it must be one of ${KNOWN}${EXPORT}`,
  ],
  [
    "a quantised operator",
    { nodes: [node("QLinearConv", ["x", "s", "z"], ["y"], { name: "q" })] },
    `node 1 "q" (QLinearConv) is no operator that is read; it must be one of ${KNOWN}${EXPORT}`,
  ],
  [
    "a graph as an attribute, whatever is in it",
    alone("If", { then_branch: Buffer.concat([bytes(6, Buffer.alloc(1000, 0xff)), int(20, 5)]) }),
    `node 1 (If) is no operator that is read; it must be one of ${KNOWN}${EXPORT}`,
  ],
  [
    "an operator of another domain",
    { nodes: [node("Gemm", ["x", "w"], ["y"], { domain: "com.microsoft" })] },
    'node 1 (Gemm): domain is "com.microsoft"; it must be ONNX\'s own (""); export the model without extensions',
  ],
  [
    "an attribute",
    conv({ kernel_shape: [3, 3], activation: "Relu" }),
    'node 1 "c" (Conv): unknown attribute "activation"; known are consumed_inputs, group, kernel_shape, strides,' +
      " dilations, pads, auto_pad; export the model without it",
  ],
  [
    "an attribute of another type",
    conv({ group: "2" }),
    `node 1 "c" (Conv): the type of group is "STRING"; it must be INT${DAMAGED}`,
  ],
  [
    "an attribute twice",
    {
      nodes: [
        node("Relu", ["x"], ["y"], {
          attributes: { a: 1 },
          more: bytes(5, text(1, "a"), int(3, 1)),
        }),
      ],
    },
    `node 1 (Relu) has the attribute "a" twice${DAMAGED}`,
  ],
  [
    "dilations",
    conv({ dilations: [2, 2] }),
    'node 1 "c" (Conv): dilations is [2,2]; it must be [1, 1]; export a model without dilated windows',
  ],
  [
    "negative pads",
    conv({ pads: [0, 0, -1, 0] }),
    'node 1 "c" (Conv): pads is [0,0,-1,0]; it must be four whole numbers from 0: [top, left, bottom, right];' +
      " export the model without it",
  ],
  [
    "auto_pad that is not known",
    conv({ auto_pad: "SAME" }),
    'node 1 "c" (Conv): auto_pad is "SAME"; it must be NOTSET, VALID, SAME_UPPER or SAME_LOWER; export the model without it',
  ],
  [
    "pads beside auto_pad",
    conv({ auto_pad: "VALID", pads: [1, 1, 1, 1] }),
    'node 1 "c" (Conv): pads is [1,1,1,1]; it must be left out where auto_pad is VALID; export it with one of the two',
  ],
  [
    "another kernel than the weights'",
    conv({ kernel_shape: [3, 2] }),
    'node 1 "c" (Conv): kernel_shape is [3,2]; it must be [3, 3], as its weights are; export it again',
  ],
  [
    "windows of volumes",
    conv({ strides: [1, 1, 1] }),
    'node 1 "c" (Conv): strides is [1,1,1]; it must be two whole numbers from 1: [height, width]; export a model of images',
  ],
  [
    "groups that the weights are not made for",
    conv({ group: 2 }),
    'node 1 "c" (Conv): the shape of its weights is [2,2,3,3]; it must be [out, 1, height, width]: its input has' +
      " 2 channels in 2 groups; export the model again",
  ],
  [
    "a kernel larger than its input",
    { ...conv({}), inputs: [value("x", ["N", 2, 2, 4])] },
    'node 1 "c" (Conv) cannot be a layer here: Conv_1: kernel height 3 is greater than input + padding 2; use a larger' +
      " input or padding; export the model with the input size that it was made for",
  ],
  [
    "a pooling without a kernel",
    alone("MaxPool"),
    "node 1 (MaxPool): kernel_shape is nothing; it must be two whole numbers from 1: [height, width]; export a model of images",
  ],
  [
    "ceil_mode 2",
    alone("MaxPool", { kernel_shape: [2, 2], ceil_mode: 2 }),
    "node 1 (MaxPool): ceil_mode is 2; it must be 0 or 1; export the model again",
  ],
  [
    "LRN without a size",
    alone("LRN"),
    "node 1 (LRN) cannot be a layer here: LRN_1: size is nothing; it must be a whole number from 1 to 1048576;" +
      " export the model with the input size that it was made for",
  ],
  [
    "Gemm of a transposed input",
    gemm({ transA: 1, transB: 1 }),
    "node 1 (Gemm): transA is 1; it must be 0; export the layer with its images as the rows of the first input",
  ],
  [
    "weights of another width",
    gemm({}),
    "node 1 (Gemm): the shape of its weights is [2,3]; it must be [3, out], as its input has; export the model again",
  ],
  [
    "a factor that is no number",
    gemm({ transB: 1, alpha: { float: NaN } }),
    `node 1 (Gemm): alpha is NaN; it must be a finite number${DAMAGED}`,
  ],
  [
    "Gemm of a map",
    { inputs: map },
    "node 1 (Gemm): its input is [2,4,4]; it must be a vector [F] of each image; export the model with a Flatten before it",
  ],
  [
    "a bias of another length",
    {
      nodes: [node("Gemm", ["x", "w", "b"], ["y"], { attributes: { transB: 1 } })],
      tensors: [tensor(), tensor({ name: "b", dims: [3] })],
    },
    "node 1 (Gemm): the shape of its bias is [3]; it must be [2]; export the model again",
  ],
  [
    "an addition that is no bias",
    { ...chain(node("Add", ["x", "b"], ["y"])), tensors: [tensor({ name: "b", dims: [3] })] },
    `node 1 (Add) is not the bias of a MatMul or Gemm right before it${CHAIN}`,
  ],
  [
    "an addition to images, not features",
    {
      ...chain(
        node("Gemm", ["x", "w"], ["m"]),
        node("Add", ["m", "b"], ["y"], { attributes: { axis: 0, broadcast: 1 } }),
      ),
      tensors: [tensor({ dims: [3, 3] }), tensor({ name: "b", dims: [3] })],
      opset: 6,
    },
    "node 2 (Add): axis is 0; it must be 1, along which a bias is added; export the model with opset 17",
  ],
  [
    "a factor above 1",
    {
      ...chain(node("Mul", ["x", "k"], ["y"])),
      tensors: [tensor({ name: "k", dims: [], data: bytes(9, floats(1.5)) })],
    },
    "node 1 (Mul): input 2 (factor) is [1.5]; it must be one number above 0 and up to 1, as dropout has it in" +
      " inference; fold other factors into the weights",
  ],
  [
    "Flatten over images",
    alone("Flatten", { axis: 0 }),
    "node 1 (Flatten): axis is 0; it must be 1, which keeps the images apart; export the plain network",
  ],
  [
    "Reshape into another order",
    {
      ...alone("Relu"),
      nodes: [node("Reshape", ["x", "s"], ["y"])],
      tensors: [tensor({ name: "s", dims: [2], type: 7, data: int64s(-1, 16) })],
    },
    "node 1 (Reshape): shape is [-1,16]; it must be [N, 32], N being -1, 0 or the size of the batch;" +
      " export the model with torch.flatten(x, 1), with a batch of any size",
  ],
  [
    "a shape that is computed",
    { ...alone("Relu"), nodes: [node("Reshape", ["x", "x"], ["y"])] },
    `node 1 (Reshape) reads "x" as input 2, where the data are "x"${CHAIN}`,
  ],
  [
    "channels that stay cut",
    {
      ...alone("Relu"),
      nodes: [node("Reshape", ["x", "s"], ["y"])],
      tensors: [tensor({ name: "s", dims: [4], type: 7, data: int64s(-1, 1, 4, 4) })],
    },
    `the graph has no layer${DAMAGED}`,
  ],
  [
    "a ReLU over parts of the channels",
    {
      ...alone("Relu"),
      nodes: [node("Reshape", ["x", "s"], ["p"]), relu("p", "y")],
      tensors: [tensor({ name: "s", dims: [4], type: 7, data: int64s(-1, 1, 4, 4) })],
    },
    `node 2 (Relu) works on 2 parts of the channels, which only LRN may${CHAIN}`,
  ],
  [
    "dropout in training",
    { ...alone("Dropout", { ratio: { float: 0.5 } }), opset: 6 },
    "node 1 (Dropout): is_test is 0; it must be 1; export the model for inference",
  ],
  [
    "dropout in training mode",
    {
      nodes: [node("Dropout", ["x", "", "t"], ["y"])],
      tensors: [tensor({ name: "t", dims: [], type: 9, data: bytes(9, Buffer.from([1])) })],
    },
    "node 1 (Dropout): training_mode is true; it must be false; export the model for inference",
  ],
  [
    "a ratio of two numbers",
    {
      nodes: [node("Dropout", ["x", "r"], ["y"])],
      tensors: [tensor({ name: "r", dims: [2], data: bytes(9, floats(0.5, 0.5)) })],
    },
    "node 1 (Dropout): input 2 (ratio) is [0.5,0.5]; it must be one number; export the model again",
  ],
  [
    "a ratio as an attribute where it is an input",
    alone("Dropout", { ratio: { float: 0.3 } }),
    'node 1 (Dropout): unknown attribute "ratio"; known are consumed_inputs, seed; export the model without it',
  ],
  [
    "a ratio as an input where it is an attribute",
    { ...chain(node("Dropout", ["x", "w"], ["y"])), opset: 11 },
    `node 1 (Dropout): the number of its inputs is 2; it must be 1${DAMAGED}`,
  ],
  [
    "metadata of other dropout",
    {
      ...chain(node("Dropout", ["x"], ["y"])),
      metadata: {
        format: "alexnet-threads",
        network:
          '{"name":"mine","input":[3,1,1],"layers":[{"type":"dropout","name":"d","rate":0.3,"scaling":"train"}]}',
      },
    },
    'metadata_props network: "mine" has other places or rates of dropout than the graph; remove metadata_props, or' +
      " export the network again",
  ],
  [
    "softmax over columns",
    alone("Softmax", { axis: -1 }),
    "node 1 (Softmax): axis is -1; it must be that of the classes; export the model with softmax over axis 1",
  ],
  [
    "softmax before the end",
    chain(node("Softmax", ["x"], ["s"]), relu("s", "y")),
    "node 2 (Relu) cannot be a layer here: Softmax_2: softmax must be the last layer; move it to the end;" +
      " export the model with the input size that it was made for",
  ],
  [
    "a branch",
    chain(relu("x", "a"), relu("x", "y")),
    `node 2 (Relu) reads "x" as input 1, where the data are "a"${CHAIN}`,
  ],
  [
    "a sum of two branches",
    { ...chain(relu("x", "a"), node("Add", ["a", "x"], ["y"])) },
    `node 2 (Add) reads "x" as input 2, where the data are "a"${CHAIN}`,
  ],
  [
    "a cycle",
    chain(relu("b", "a"), relu("a", "b"), relu("x", "y")),
    `node 1 (Relu) reads "b", which no node before it makes${CHAIN}`,
  ],
  [
    "a node that reads itself",
    chain(relu("y", "y")),
    `node 1 (Relu) reads "y", which no node before it makes${CHAIN}`,
  ],
  ["a node without data", chain(relu("w", "y")), `node 1 (Relu) does not read "x"${CHAIN}`],
  [
    "the mask of a dropout",
    chain(node("Dropout", ["x"], ["a", "m"]), relu("m", "y")),
    `node 2 (Relu) reads "m" as input 1, where the data are "a"${CHAIN}`,
  ],
  [
    "a value that is made twice",
    chain(relu("x", "y"), relu("y", "y")),
    `node 2 (Relu) makes "y", which is there already${DAMAGED}`,
  ],
  [
    "a value with the input's name",
    chain(relu("x", "x")),
    `node 1 (Relu) makes "x", which is there already${DAMAGED}`,
  ],
  [
    "an output in the middle",
    { ...chain(relu("x", "y"), relu("y", "z")) },
    `output "y" is not "z", which the last node makes${CHAIN}`,
  ],
  ["no node", { ...chain(), outputs: [value("x", ["N", 3])] }, `the graph has no layer${DAMAGED}`],
  [
    "two inputs",
    { inputs: [value("x", ["N", 3]), value("x2", ["N", 3])] },
    `the graph has 2 inputs ("x", "x2")${CHAIN}`,
  ],
  [
    "two outputs",
    { outputs: [value("y", []), value("z", [])] },
    `the graph has 2 outputs ("y", "z")${CHAIN}`,
  ],
  ["weights alone", { inputs: [] }, `the graph has 0 inputs ()${CHAIN}`],
  [
    "an input of any size",
    { inputs: [value("x", ["N", 2, "H", "W"])] },
    `input "x": its shape is [null,2,null,null]; it must be [N, channels, height, width] or [N, features], all but N` +
      " whole numbers from 1 to 1048576; export the model with a fixed image size",
  ],
  [
    "an input of whole numbers",
    { inputs: [value("x", ["N", 3], 7)] },
    'input "x": its type is 7; it must be float32 (1); export the model in float32',
  ],
  [
    "an output of another size",
    { outputs: [value("y", [1, 3])] },
    `output "y": its shape is [1,3]; it must be [N, 2], as its nodes compute${DAMAGED}`,
  ],
  [
    "an output of another number of images",
    { inputs: [value("x", [2, 3])], outputs: [value("y", [1, 2])] },
    `output "y": its shape is [1,2]; it must be [2, 2], as its nodes compute${DAMAGED}`,
  ],
];

describe("ONNX graphs that are refused", () => {
  for (const [what, parts, message] of CASES)
    it(what, () =>
      withFile(onnxBytes(parts), (path) =>
        expectError(loadWeights(path), "WEIGHTS_INVALID", `FILE: ${message}`, path),
      ),
    );

  it("257 layers", () => {
    const nodes = Array.from({ length: 257 }, (_, index) =>
      relu(index === 0 ? "x" : `v${index}`, `v${index + 1}`),
    );
    return withFile(onnxBytes({ ...chain(...nodes) }), (path) =>
      expectError(
        loadWeights(path),
        "WEIGHTS_INVALID",
        "FILE: the graph has more than 256 layers; give a model of one network",
        path,
      ),
    );
  });
});
