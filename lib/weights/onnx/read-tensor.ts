/** TensorProto: where a tensor's numbers lie, checked to be as many as its dims say. */
import { weightsErrors } from "../../errors/weights.js";
import { elementsOf } from "../../network/shapes.js";
import type { Message } from "../protobuf/message.js";
import { FEW, type LyingData, type OnnxTensor, type TensorData } from "./model.js";
import { numbersOf } from "./numbers.js";
import { areVarints, rulesOf, type TypeRules } from "./types.js";

const LARGEST_RANK = 8;

const RAW = 9;
const LOCATION = 14;
const EXTERNAL = 13;
const ANY_WIRE = [0, 1, 2, 5] as const;
/** The fields with numbers of a type. */
const TYPED = new Map([
  [4, "float_data"],
  [5, "int32_data"],
  [6, "string_data"],
  [7, "int64_data"],
  [10, "double_data"],
  [11, "uint64_data"],
]);

/** @throws AlexNetError WEIGHTS_INVALID naming the tensor. */
export async function readTensor(message: Message): Promise<OnnxTensor> {
  const name = await message.text(8);
  const { source } = message;
  const at = name === "" ? message.what : `tensor ${JSON.stringify(name)}`;
  const dims = await message.integers(1, LARGEST_RANK);
  if (!dims.every((size) => size >= 1))
    throw weightsErrors.field(source, `${at}: dims`, dims, "whole numbers from 1");
  const elements = elementsOf(dims);
  if (!Number.isSafeInteger(elements))
    throw weightsErrors.field(source, `${at}: dims`, dims, "of fewer than 2^53 elements");
  message.refuse(new Map([[3, "a segment"]]), "save every tensor in one piece");
  const type = message.integer(2) ?? 0;
  const data = await dataOf(message, at, type);
  const rules = rulesOf(type);
  if (data.kind === "external") return { name, dims, type, data };
  const tensor = { name, dims, type, data };
  if (rules === undefined) return tensor;
  const found = countOf(data, rules);
  if (found !== undefined && found !== elements)
    throw weightsErrors.field(
      source,
      `${at}: the number of its elements`,
      found,
      `${elements}, as its dims are`,
    );
  return elements > FEW ? tensor : { ...tensor, few: await numbersOf(message.wire, tensor, at) };
}

type FileData = LyingData | Extract<TensorData, { kind: "external" }>;

async function dataOf(message: Message, at: string, type: number): Promise<FileData> {
  const { source } = message;
  const raw = message.one(RAW, 2);
  const typed = [...TYPED.keys()].filter((number) => message.has(number));
  const location = message.integer(LOCATION) ?? 0;
  if (location !== 0 && location !== 1)
    throw weightsErrors.field(source, `${at}: data_location`, location, "0 or 1");
  const places = [
    ...(raw ? ["raw_data"] : []),
    ...typed.map((number) => TYPED.get(number) ?? ""),
    ...(location === 1 ? ["data in another file"] : []),
  ];
  if (places.length > 1) throw weightsErrors.broken(source, at, `has both ${places.join(" and ")}`);
  if (places.length === 0) throw weightsErrors.broken(source, at, "has no data");
  if (location === 1) return { kind: "external", entries: await entriesOf(message, EXTERNAL) };
  if (raw) return { kind: "raw", field: raw };
  const [number] = typed;
  const rules = rulesOf(type);
  if (rules && rules.field !== number)
    throw weightsErrors.broken(source, at, `has ${places[0]}, which is not for its data_type ${type}`);
  return { kind: "typed", fields: message.all(number, ...(rules?.wires ?? ANY_WIRE)) };
}

/** Of numbers of one size; undefined where only reading them tells. */
function countOf(data: LyingData, rules: TypeRules): number | undefined {
  if (data.kind === "raw") return (data.field.end - data.field.start) / rules.bytes;
  if (areVarints(rules)) return undefined;
  return data.fields.reduce(
    (sum, { wire, start, end, count }) => sum + (wire === 2 ? (end - start) / rules.bytes : count),
    0,
  );
}

/** Bytes of all values together: 1000 class names need 30 KB, a mean image of 256 x 256 pixels a megabyte. */
export const LARGEST_ENTRIES = 16 << 20;

/**
 * StringStringEntryProto: key 1, value 2.
 * @throws AlexNetError WEIGHTS_INVALID for a key that is there twice.
 */
export async function entriesOf(message: Message, number: number): Promise<ReadonlyMap<string, string>> {
  const entries = new Map<string, string>();
  let left = LARGEST_ENTRIES;
  for (const entry of await message.messages(number, (index) => `${message.what}: entry ${index + 1}`)) {
    const key = await entry.text(1);
    if (entries.has(key)) throw message.broken(`has the key ${JSON.stringify(key)} twice`);
    const value = await entry.text(2, left);
    left -= Buffer.byteLength(value);
    entries.set(key, value);
  }
  return entries;
}
