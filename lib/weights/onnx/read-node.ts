/** NodeProto and AttributeProto. Graphs and lists inside of attributes are not looked into: no operator here has them. */
import { show } from "../../errors/base.js";
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Message } from "../protobuf/message.js";
import type { OnnxAttribute, OnnxNode } from "./model.js";
import { readTensor } from "./read-tensor.js";

/** Numbers of one attribute. */
const MOST_NUMBERS = 64;

const DOMAINS = ["", "ai.onnx"];
/** AttributeProto.AttributeType, and the field with the value. */
const KINDS = new Map<number, readonly [name: string, field: number]>([
  [1, ["FLOAT", 2]],
  [2, ["INT", 3]],
  [3, ["STRING", 4]],
  [4, ["TENSOR", 5]],
  [5, ["GRAPH", 6]],
  [6, ["FLOATS", 7]],
  [7, ["INTS", 8]],
  [8, ["STRINGS", 9]],
  [9, ["TENSORS", 10]],
  [10, ["GRAPHS", 11]],
  [11, ["SPARSE_TENSOR", 22]],
  [12, ["SPARSE_TENSORS", 23]],
  [13, ["TYPE_PROTO", 14]],
  [14, ["TYPE_PROTOS", 15]],
]);
const REFERENCE = 21;

/** @throws AlexNetError WEIGHTS_INVALID. */
export async function readNode(message: Message, index: number): Promise<OnnxNode> {
  const name = await message.text(3);
  const operator = await message.text(4);
  const domain = await message.text(7);
  const label = name === "" ? "" : ` ${show(name)}`;
  const at = `node ${index + 1}${label} (${operator.slice(0, 80)})`;
  if (!DOMAINS.includes(domain)) throw onnxErrors.domain(message.source, at, domain);
  const attributes = new Map<string, OnnxAttribute>();
  for (const attribute of await message.messages(5, (number) => `${at}: attribute ${number + 1}`)) {
    const key = await attribute.text(1);
    if (attributes.has(key))
      throw weightsErrors.broken(message.source, at, `has the attribute ${JSON.stringify(key)} twice`);
    attributes.set(key, await readAttribute(attribute));
  }
  const inputs = await message.texts(1);
  return { name, operator, domain, inputs, outputs: await message.texts(2), attributes, at };
}

async function readAttribute(message: Message): Promise<OnnxAttribute> {
  message.refuse(new Map([[REFERENCE, "ref_attr_name"]]), "export the model without functions");
  const present = [...KINDS.values()].filter(([, field]) => message.has(field));
  if (present.length > 1) throw message.broken(`has both ${present.map(([kind]) => kind).join(" and ")}`);
  // writers of before the type was told leave it out; a list that is empty, or a 0, may be left out too
  const type = message.integer(20) ?? 0;
  const said = type === 0 && present.length > 0 ? present[0] : KINDS.get(type);
  if (said === undefined) throw message.broken(`has type ${type} and no value of it`);
  const [kind, field] = said;
  if (present.length === 1 && !message.has(field))
    throw message.broken(`says that it is ${kind} and has ${present[0][0]}`);
  switch (kind) {
    case "FLOAT":
      return { kind, value: (await message.float(field)) ?? 0 };
    case "INT":
      return { kind, value: message.integer(field) ?? 0 };
    case "STRING":
      return { kind, value: await message.text(field) };
    case "INTS":
      return { kind, value: await message.integers(field, MOST_NUMBERS) };
    case "FLOATS":
      return { kind, value: await message.floats(field, MOST_NUMBERS) };
    case "TENSOR": {
      const tensor = await message.message(field, `${message.what}: tensor`);
      if (tensor === undefined) throw message.broken("has no tensor");
      return { kind, value: await readTensor(tensor) };
    }
    default:
      return { kind: "OTHER", value: kind };
  }
}
