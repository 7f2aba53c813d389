/** ONNX: the golden models, and small models built by hand, wrong where a test wants them so. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { goldenNames } from "../../golden.js";
import type { ExpectedTensor } from "./files.js";

/** Seen from dist/test/weights/helpers. */
export const onnxFixture = (name: string): string =>
  fileURLToPath(new URL(`../../../../fixtures/onnx/${name}.onnx`, import.meta.url));

export interface OnnxExpected {
  /** As `defineNetwork` takes it. */
  readonly network: { readonly layers: readonly { readonly type: string; readonly name: string }[] };
  readonly tensors: Readonly<Record<string, ExpectedTensor>>;
  /** Two images [2, ...input], times 32. */
  readonly input: readonly number[];
  /** Before a softmax at the end, in float64. */
  readonly output: { readonly shape: readonly number[]; readonly values: readonly number[] };
}

/** What fixtures/make_onnx.py put into each file, by its name. */
export const onnxExpected = (): Readonly<Record<string, OnnxExpected>> =>
  JSON.parse(
    readFileSync(new URL("../../../../fixtures/onnx/expected.json", import.meta.url), "utf8"),
  ) as Record<string, OnnxExpected>;

/** Golden networks with a pooling whose overhanging windows ONNX's readers divide differently: they are not written. */
export const UNWRITTEN_GOLDENS: readonly string[] = [
  "layers/avgpool-2x7x8-k4-s3-p3x0x1x2-ceil-counted-n1",
  "layers/avgpool-3x6x7-k3x2-s2x1-p1x0-ceil-counted-n1",
  "layers/avgpool-3x8x7-k3-s2-p1-ceil-counted-n3",
  "layers/towers-average",
];

/** The other golden networks. */
export const WRITTEN_GOLDENS: readonly string[] = [...goldenNames("twins"), ...goldenNames("layers")].filter(
  (name) => !UNWRITTEN_GOLDENS.includes(name),
);

/** Protobuf: a varint, and fields by number. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
export const int = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);
export const bytes = (field: number, ...content: Uint8Array[]): Buffer => {
  const all = Buffer.concat(content);
  return Buffer.concat([varint(field * 8 + 2), varint(all.length), all]);
};
export const text = (field: number, content: string): Buffer => bytes(field, Buffer.from(content));
export const float = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8 + 5), Buffer.from(Float32Array.of(value).buffer)]);

/** A whole number, one with a fraction as { float }, a list of whole ones, text, or an AttributeProto's fields. */
export type Attribute = number | { readonly float: number } | readonly number[] | string | Buffer;

function attribute(name: string, value: Attribute): Buffer {
  if (Buffer.isBuffer(value)) return bytes(5, text(1, name), value);
  if (typeof value === "number") return bytes(5, text(1, name), int(3, value), int(20, 2));
  if (typeof value === "string") return bytes(5, text(1, name), text(4, value), int(20, 3));
  if ("float" in value) return bytes(5, text(1, name), float(2, value.float), int(20, 1));
  return bytes(5, text(1, name), ...value.map((item) => int(8, item)), int(20, 7));
}

export interface NodeParts {
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly more?: Buffer;
}

export const node = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  { name, domain, attributes = {}, more = Buffer.alloc(0) }: NodeParts = {},
): Buffer =>
  bytes(
    1,
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    ...(name === undefined ? [] : [text(3, name)]),
    text(4, operator),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(domain === undefined ? [] : [text(7, domain)]),
    more,
  );

export interface TensorParts {
  readonly name?: string;
  readonly dims?: readonly (number | bigint)[];
  /** TensorProto.DataType; 1 is float. */
  readonly type?: number;
  /** All fields with data, in place of raw_data with as many ones as the dims say. */
  readonly data?: Buffer;
  readonly more?: Buffer;
}

/** The fields of a TensorProto. */
export function tensorFields(parts: TensorParts = {}): Buffer {
  const { name = "w", dims = [2, 3], type = 1, more = Buffer.alloc(0) } = parts;
  const count = Math.min(
    dims.reduce<number>((product, size) => product * Number(size), 1),
    1000,
  );
  const ones = () => bytes(9, Buffer.from(new Float32Array(Math.max(count, 0)).fill(1).buffer));
  return Buffer.concat([
    ...dims.map((size) => int(1, size)),
    int(2, type),
    text(8, name),
    parts.data ?? ones(),
    more,
  ]);
}

/** An initializer. */
export const tensor = (parts: TensorParts = {}): Buffer => bytes(5, tensorFields(parts));

export const int64s = (...values: readonly number[]): Buffer =>
  bytes(9, Buffer.from(BigInt64Array.from(values, BigInt).buffer));

/** A ValueInfoProto's fields, float32 unless it is told; a size that is text is a name. */
export const value = (name: string, dims: readonly (number | string)[], type = 1): Buffer =>
  Buffer.concat([
    text(1, name),
    bytes(
      2,
      bytes(
        1,
        int(1, type),
        bytes(2, ...dims.map((size) => bytes(1, typeof size === "number" ? int(1, size) : text(2, size)))),
      ),
    ),
  ]);

export interface ModelParts {
  readonly nodes?: readonly Buffer[];
  readonly tensors?: readonly Buffer[];
  readonly inputs?: readonly Buffer[];
  readonly outputs?: readonly Buffer[];
  readonly opset?: number;
  readonly ir?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** More fields of the graph and of the model. */
  readonly graph?: Buffer;
  readonly model?: Buffer;
}

/** A model; by default x [N, 3] through a Gemm with w [2, 3] to y. */
export function onnxBytes(parts: ModelParts = {}): Buffer {
  const {
    nodes = [node("Gemm", ["x", "w"], ["y"], { attributes: { transB: 1 } })],
    tensors = [tensor()],
    inputs = [value("x", ["N", 3])],
    outputs = [value("y", ["N", 2])],
    opset = 13,
    ir = 8,
    metadata = {},
  } = parts;
  return Buffer.concat([
    int(1, ir),
    bytes(
      7,
      ...nodes,
      text(2, "g"),
      ...tensors,
      ...inputs.map((input) => bytes(11, input)),
      ...outputs.map((output) => bytes(12, output)),
      parts.graph ?? Buffer.alloc(0),
    ),
    bytes(8, text(1, ""), int(2, opset)),
    ...Object.entries(metadata).map(([key, content]) => bytes(14, text(1, key), text(2, content))),
    parts.model ?? Buffer.alloc(0),
  ]);
}
