/** A node as its operator reads it: attributes by kind, and every attribute that no operator asks for is an error. */
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import type { Shape } from "../../network/layers.js";
import type { AttributeValues, OnnxNode, OnnxTensor } from "./model.js";
import { dtypeOf, TYPE } from "./types.js";

/** What goes into a node beside its constants. */
export interface Data {
  /** [C, H, W], or [F]: the batch is not part of it. */
  readonly shape: Shape;
  /** The size of the batch, where the model fixes it. */
  readonly batch: number | undefined;
}

export class NodeView {
  readonly #asked = new Set<string>();

  constructor(
    readonly source: string,
    readonly node: OnnxNode,
    readonly opset: number,
    readonly data: Data,
    /** By the node's inputs: undefined for the data, and for one that is left out. */
    readonly constants: readonly (OnnxTensor | undefined)[],
  ) {}

  get at(): string {
    return this.node.at;
  }

  int(name: string, fallback: number): number;
  int(name: string): number | undefined;
  int(name: string, fallback?: number): number | undefined {
    return this.#value("INT", name) ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.#value("FLOAT", name) ?? fallback;
  }

  text(name: string, fallback: string): string {
    return this.#value("STRING", name) ?? fallback;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#value("INTS", name);
  }

  floats(name: string): readonly number[] | undefined {
    return this.#value("FLOATS", name);
  }

  tensor(name: string): OnnxTensor | undefined {
    return this.#value("TENSOR", name);
  }

  /** Attributes that change nothing here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#asked.add(name);
  }

  /** Once the operator has read what it knows. */
  checkAllAsked(): void {
    const known = [...this.#asked];
    for (const name of this.node.attributes.keys())
      if (!this.#asked.has(name)) throw onnxErrors.unknownAttribute(this.source, this.at, name, known);
  }

  /** An input that must be a float tensor of the model. */
  weight(index: number, name: string): OnnxTensor {
    const tensor = this.constants.at(index);
    if (tensor === undefined)
      throw this.unread(
        `input ${index + 1} (${name})`,
        this.node.inputs.at(index),
        "an initializer or a constant",
        "export the model with its weights",
      );
    if (dtypeOf(tensor.type) === undefined)
      throw this.unread(
        `input ${index + 1} (${name}): data_type`,
        tensor.type,
        `${TYPE.FLOAT} (float), ${TYPE.FLOAT16} (float16), ${TYPE.DOUBLE} (double) or ${TYPE.BFLOAT16} (bfloat16)`,
        "export the model in float32, not quantised",
      );
    return tensor;
  }

  /** The values of an input of a few numbers. */
  few(index: number, name: string): readonly number[] {
    const few = this.constants.at(index)?.few;
    if (few === undefined)
      throw this.unread(
        `input ${index + 1} (${name})`,
        this.node.inputs.at(index),
        "a small initializer or constant in the model itself",
        "export the model with constants folded",
      );
    return few;
  }

  /** Inputs and outputs behind the first ones, which must not be there. */
  checkInputs(least: number, most: number): void {
    const { inputs, outputs } = this.node;
    if (inputs.length < least || inputs.length > most)
      throw weightsErrors.field(
        this.source,
        `${this.at}: the number of its inputs`,
        inputs.length,
        least === most ? String(least) : `from ${least} to ${most}`,
      );
    if (outputs.length === 0 || outputs[0] === "")
      throw weightsErrors.broken(this.source, this.at, "has no output");
  }

  /** An attribute, or another part of the node, that is read only with some values. */
  unread(part: string, got: unknown, rule: string, next: string) {
    return onnxErrors.unread(this.source, `${this.at}: ${part}`, got, rule, next);
  }

  /** The map that goes in. */
  map(): readonly [channels: number, height: number, width: number] {
    const { shape } = this.data;
    if (shape.length !== 3)
      throw this.unread("its input", shape, "a map [C, H, W] of each image", "export the plain network");
    return [shape[0], shape[1], shape[2]];
  }

  #value<K extends keyof AttributeValues>(kind: K, name: string): AttributeValues[K] | undefined {
    this.#asked.add(name);
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.kind !== kind)
      throw weightsErrors.field(this.source, `${this.at}: the type of ${name}`, attribute.kind, kind);
    return attribute.value as AttributeValues[K];
  }
}
