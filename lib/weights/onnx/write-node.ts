/** Nodes, tensors and values of a graph, as protobuf messages in it. */
import { elementsOf } from "../../network/shapes.js";
import type { Shape } from "../../network/layers.js";
import { float, integer, integers, message, text, type Piece } from "../protobuf/encode.js";
import { TYPE } from "./types.js";

/** Numbers with a fraction are given as { float }, since ONNX tells 1 from 1.0. */
export type WrittenAttribute = number | readonly number[] | { readonly float: number };

export interface WrittenNode {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, WrittenAttribute>>;
}

export const nodePieces = ({ operator, name, inputs, output, attributes = {} }: WrittenNode): Piece[] =>
  message(
    1,
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(3, name),
    text(4, operator),
    ...Object.entries(attributes).map(([key, value]) => message(5, text(1, key), ...attributeValue(value))),
  );

/** The value, and in field 20 its AttributeType: FLOAT, INT or INTS. */
function attributeValue(value: WrittenAttribute): Piece[][] {
  if (typeof value === "number") return [integer(3, value), integer(20, 2)];
  if ("float" in value) return [float(2, value.float), integer(20, 1)];
  return [integers(8, value), integer(20, 7)];
}

/** A small tensor, whose numbers are there; or a float32 one whose numbers are read when they are written. */
export interface WrittenTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values?: Float32Array | BigInt64Array;
}

export function tensorPieces({ name, shape, values }: WrittenTensor): Piece[] {
  const raw: Piece = values
    ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    : { tensor: name, length: 4 * elementsOf(shape) };
  return message(
    5,
    integers(1, shape),
    integer(2, values instanceof BigInt64Array ? TYPE.INT64 : TYPE.FLOAT),
    text(8, name),
    message(9, [raw]),
  );
}

/** An input (11) or output (12) of the graph: float32, for a batch of any size N. */
export const valuePieces = (field: 11 | 12, name: string, shape: Shape): Piece[] =>
  message(
    field,
    text(1, name),
    message(
      2,
      message(
        1,
        integer(1, TYPE.FLOAT),
        message(2, message(1, text(2, "N")), ...shape.map((size) => message(1, integer(1, size)))),
      ),
    ),
  );
