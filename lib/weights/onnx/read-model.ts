/** ModelProto and GraphProto: read into plain data; what the network must not have is refused here. */
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import { Message } from "../protobuf/message.js";
import type { WireReader } from "../protobuf/wire.js";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./model.js";
import { readNode } from "./read-node.js";
import { entriesOf, readTensor } from "./read-tensor.js";

const OPSETS = { first: 3, last: 22 } as const;
const IR_VERSIONS = { first: 3, last: 13 } as const;
/** Axes of an input or an output that are looked at. */
const MOST_AXES = 16;
const EXPORT_AGAIN = "export the model for inference, in float32, with opset 17";

/** @throws AlexNetError WEIGHTS_INVALID. */
export async function readModel(wire: WireReader): Promise<OnnxModel> {
  const { source } = wire;
  // a part that is there twice would be joined in one reader and not in another
  const model = await Message.read(wire, [{ start: 0, end: wire.size }], "the model", "refused");
  model.refuse(
    new Map([
      [20, "training_info"],
      [25, "functions"],
    ]),
    EXPORT_AGAIN,
  );
  const version = model.integer(1);
  if (version === undefined || version < IR_VERSIONS.first || version > IR_VERSIONS.last)
    throw onnxErrors.unread(
      source,
      "the model: ir_version",
      version,
      `from ${IR_VERSIONS.first} to ${IR_VERSIONS.last}`,
      EXPORT_AGAIN,
    );
  const opset = await opsetOf(model);
  const graph = await model.message(7, "the graph");
  if (graph === undefined) throw model.broken("has no graph");
  return { opset, graph: await readGraph(graph), metadata: await entriesOf(model, 14) };
}

/** The version of ONNX's own operators; those of others are refused at the nodes that have them. */
async function opsetOf(model: Message): Promise<number> {
  const versions: number[] = [];
  for (const entry of await model.messages(8, (index) => `opset_import ${index + 1}`)) {
    const domain = await entry.text(1);
    if (domain === "" || domain === "ai.onnx") versions.push(entry.integer(2) ?? 0);
  }
  if (versions.length > 1) throw model.broken("has two opsets of the same domain");
  const opset = versions.length === 0 ? undefined : versions[0];
  if (opset === undefined || opset < OPSETS.first || opset > OPSETS.last)
    throw onnxErrors.unread(
      model.source,
      "the model: opset",
      opset,
      `from ${OPSETS.first} to ${OPSETS.last}`,
      EXPORT_AGAIN,
    );
  return opset;
}

async function readGraph(graph: Message): Promise<OnnxGraph> {
  const { source } = graph;
  graph.refuse(
    new Map([
      [14, "quantization_annotation"],
      [15, "sparse_initializer"],
    ]),
    EXPORT_AGAIN,
  );
  const nodes: OnnxNode[] = [];
  for (const [index, node] of (await graph.messages(1, (index) => `node ${index + 1}`)).entries())
    nodes.push(await readNode(node, index));
  const tensors = new Map<string, OnnxTensor>();
  for (const message of await graph.messages(5, (index) => `initializer ${index + 1}`)) {
    const tensor = await readTensor(message);
    if (tensor.name === "") throw message.broken("has no name");
    if (tensors.has(tensor.name)) throw weightsErrors.duplicate(source, tensor.name);
    tensors.set(tensor.name, tensor);
  }
  const inputs = await valuesOf(graph, 11, "input");
  return {
    name: await graph.text(2),
    nodes,
    tensors,
    inputs: inputs.filter(({ name }) => !tensors.has(name)),
    outputs: await valuesOf(graph, 12, "output"),
  };
}

async function valuesOf(graph: Message, number: number, kind: string): Promise<OnnxValue[]> {
  const values: OnnxValue[] = [];
  for (const message of await graph.messages(number, (index) => `${kind} ${index + 1}`))
    values.push(await readValue(message));
  return values;
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1, dim_param 2 } } } }. */
async function readValue(message: Message): Promise<OnnxValue> {
  const name = await message.text(1);
  const type = await message.message(2, `${message.what}: type`);
  const tensor = await type?.message(1, `${message.what}: tensor type`);
  const shape = await tensor?.message(2, `${message.what}: shape`);
  const axes = await shape?.messages(1, (index) => `${message.what}: axis ${index + 1}`);
  if (axes && axes.length > MOST_AXES) throw message.broken(`has more than ${MOST_AXES} axes`);
  return { name, type: tensor?.integer(1), dims: axes?.map((axis) => axis.integer(1)) };
}
