/** The types of ONNX's tensors, as far as they are read. */
import type { WireField } from "../protobuf/wire.js";
import type { DType } from "../weights.js";

/** TensorProto.DataType. */
export const TYPE = {
  FLOAT: 1,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  BFLOAT16: 16,
} as const;

/** How numbers of a type are kept. */
export interface TypeRules {
  /** Of one number in raw_data. */
  readonly bytes: number;
  /** Number of the field that they are in where they are not in raw_data. */
  readonly field: number;
  /** What that field may be on the wire: packed, or one by one. */
  readonly wires: readonly WireField["wire"][];
}

const varints = (bytes: number, field: number): TypeRules => ({ bytes, field, wires: [2, 0] });

const RULES = new Map<number, TypeRules>([
  [TYPE.FLOAT, { bytes: 4, field: 4, wires: [2, 5] }],
  [TYPE.DOUBLE, { bytes: 8, field: 10, wires: [2, 1] }],
  // the 16 bits of a half are a number of int32_data
  [TYPE.FLOAT16, varints(2, 5)],
  [TYPE.BFLOAT16, varints(2, 5)],
  [TYPE.INT32, varints(4, 5)],
  [TYPE.BOOL, varints(1, 5)],
  [TYPE.INT64, varints(8, 7)],
]);

/** The rules of a type whose numbers are read. */
export const rulesOf = (type: number): TypeRules | undefined => RULES.get(type);

export const areVarints = ({ wires }: TypeRules): boolean => wires.includes(0);

const FLOATS = new Map<number, DType>([
  [TYPE.FLOAT, "F32"],
  [TYPE.FLOAT16, "F16"],
  [TYPE.BFLOAT16, "BF16"],
  [TYPE.DOUBLE, "F64"],
]);

/** Undefined for a type that weights do not have. */
export const dtypeOf = (type: number): DType | undefined => FLOATS.get(type);

/** Names of the other types of TensorProto, for errors. */
const NAMES = new Map<number, string>([
  [0, "UNDEFINED"],
  [2, "UINT8"],
  [3, "INT8"],
  [4, "UINT16"],
  [5, "INT16"],
  [TYPE.INT32, "INT32"],
  [TYPE.INT64, "INT64"],
  [8, "STRING"],
  [TYPE.BOOL, "BOOL"],
  [12, "UINT32"],
  [13, "UINT64"],
]);

export const typeName = (type: number): string => dtypeOf(type) ?? NAMES.get(type) ?? `type ${type}`;
