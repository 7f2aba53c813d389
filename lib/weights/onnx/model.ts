/** What of an ONNX model is looked at, as plain data: the graph's nodes, and where its tensors' numbers lie. */
import type { Shape } from "../../network/layers.js";
import type { WireField } from "../protobuf/wire.js";

/** Numbers in the file: in raw_data, or in the field that is made for their type. */
export type LyingData =
  | { readonly kind: "raw"; readonly field: WireField }
  | { readonly kind: "typed"; readonly fields: readonly WireField[] };

/** Where the numbers of a tensor are. */
export type TensorData =
  | LyingData
  | { readonly kind: "external"; readonly entries: ReadonlyMap<string, string> }
  /** In an attribute of a node. */
  | { readonly kind: "listed"; readonly values: readonly number[] }
  /** One value for all elements. */
  | { readonly kind: "filled"; readonly value: number };

/** Elements of the tensors whose values are read with the graph: shapes, ratios, factors. */
export const FEW = 16;

export interface OnnxTensor {
  readonly name: string;
  readonly dims: Shape;
  /** A number of TensorProto.DataType; any. */
  readonly type: number;
  readonly data: TensorData;
  /** The values themselves, where they are no more than FEW and in the file. */
  readonly few?: readonly number[];
}

/** What an attribute of each kind has. */
export interface AttributeValues {
  readonly FLOAT: number;
  readonly INT: number;
  readonly STRING: string;
  readonly FLOATS: readonly number[];
  readonly INTS: readonly number[];
  readonly TENSOR: OnnxTensor;
  /** A graph, a list of strings ...: its kind, it is not looked into. */
  readonly OTHER: string;
}

export type OnnxAttribute = {
  [K in keyof AttributeValues]: { readonly kind: K; readonly value: AttributeValues[K] };
}[keyof AttributeValues];

export interface OnnxNode {
  /** May be empty. */
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  /** Names of values; empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** For errors: node 3 "conv1" (Conv). */
  readonly at: string;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: number | undefined;
  /** Undefined for a size that is a name or missing; undefined as a whole without a shape. */
  readonly dims: readonly (number | undefined)[] | undefined;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Those that are no tensors: old files list all tensors as inputs too. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxModel {
  readonly opset: number;
  readonly graph: OnnxGraph;
  readonly metadata: ReadonlyMap<string, string>;
}
