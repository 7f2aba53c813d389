/** The nodes of one layer, as they are written one behind the other. */
import type { WrittenAttribute, WrittenNode, WrittenTensor } from "./write-node.js";

export type Attributes = Readonly<Record<string, WrittenAttribute>>;

/** Each node reads the value that the one before it made; the last one's output is called after the layer. */
export class Steps {
  readonly nodes: WrittenNode[] = [];
  readonly tensors: WrittenTensor[] = [];

  constructor(
    /** The layer's, or LAYER.PART. */
    readonly name: string,
    /** What the next node reads first. */
    public value: string,
  ) {}

  /** A node that makes a value on the way to the layer's; `inputs` are those behind the first. */
  before(operator: string, part: string, inputs: readonly string[] = [], attributes?: Attributes): void {
    this.#add(operator, this.#nameOf(part), inputs, attributes);
  }

  last(operator: string, inputs: readonly string[] = [], attributes?: Attributes): void {
    this.#add(operator, this.name, inputs, attributes);
  }

  /** Several nodes that make a value on the way to the layer's: what is last to them is called LAYER.PART. */
  within(part: string, write: (steps: Steps) => void): void {
    const steps = new Steps(this.#nameOf(part), this.value);
    write(steps);
    this.nodes.push(...steps.nodes);
    this.tensors.push(...steps.tensors);
    this.value = steps.value;
  }

  /** A small tensor of this layer; gives its name. */
  constant(part: string, values: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const name = this.#nameOf(part);
    this.tensors.push({ name, shape, values });
    return name;
  }

  #nameOf(part: string): string {
    return `${this.name}.${part}`;
  }

  #add(operator: string, name: string, inputs: readonly string[], attributes?: Attributes): void {
    this.nodes.push({
      operator,
      name,
      inputs: [this.value, ...inputs],
      output: name,
      ...(attributes && { attributes }),
    });
    this.value = name;
  }
}
