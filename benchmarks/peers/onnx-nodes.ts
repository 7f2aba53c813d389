/** The pieces of an ONNX graph as protobuf messages; field numbers from onnx/onnx.proto of the onnx project. */
import * as protobuf from "./protobuf.js";

const NODE = 1;
const INITIALIZER = 5;
const FLOAT = 1;
const INT64 = 7;

/** Numbers with a fraction must be given as { float }, since ONNX tells 1 from 1.0. */
export type Attribute = number | readonly number[] | { readonly float: number };

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A NodeProto in its graph. */
export const node = ({ operator, inputs, output, attributes = {} }: Node): protobuf.Chunks =>
  protobuf.message(
    NODE,
    ...inputs.map((input) => protobuf.text(1, input)),
    protobuf.text(2, output),
    protobuf.text(3, output),
    protobuf.text(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      protobuf.message(5, protobuf.text(1, name), ...attributeValue(value)),
    ),
  );

/** The value, and in field 20 its AttributeType: FLOAT, INT or INTS. */
function attributeValue(value: Attribute): protobuf.Chunks[] {
  if (typeof value === "number") return [protobuf.integer(3, value), protobuf.integer(20, 2)];
  if ("float" in value) return [protobuf.float(2, value.float), protobuf.integer(20, 1)];
  return [protobuf.integers(8, value), protobuf.integer(20, 7)];
}

const initializer = (
  name: string,
  shape: readonly number[],
  type: number,
  content: Float32Array | BigInt64Array,
) =>
  protobuf.message(
    INITIALIZER,
    protobuf.integers(1, shape),
    protobuf.integer(2, type),
    protobuf.text(8, name),
    protobuf.bytes(9, new Uint8Array(content.buffer, content.byteOffset, content.byteLength)),
  );

/** A float32 TensorProto in its graph; `values` is taken as it is, not copied. */
export const floats = (name: string, shape: readonly number[], values: Float32Array): protobuf.Chunks =>
  initializer(name, shape, FLOAT, values);

/** A float32 number. */
export const scalar = (name: string, value: number): protobuf.Chunks =>
  floats(name, [], Float32Array.of(value));

/** A vector of int64, as operators take their axes. */
export const indices = (name: string, values: readonly number[]): protobuf.Chunks =>
  initializer(name, [values.length], INT64, BigInt64Array.from(values, BigInt));

/** An input or output of the graph: float32, a batch of any size of `shape`. */
export const value = (field: number, name: string, shape: readonly number[]): protobuf.Chunks =>
  protobuf.message(
    field,
    protobuf.text(1, name),
    protobuf.message(
      2,
      protobuf.message(
        1,
        protobuf.integer(1, FLOAT),
        protobuf.message(
          2,
          protobuf.message(1, protobuf.text(2, "N")),
          ...shape.map((size) => protobuf.message(1, protobuf.integer(1, size))),
        ),
      ),
    ),
  );
