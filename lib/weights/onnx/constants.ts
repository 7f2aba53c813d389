/** Values of a graph that do not depend on its input: initializers, and nodes that make or pass on constants. */
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import { elementsOf } from "../../network/shapes.js";
import { FEW, type OnnxGraph, type OnnxNode, type OnnxTensor } from "./model.js";
import { NodeView } from "./node-view.js";
import { TYPE } from "./types.js";

/** Elements that one value may stand for: more than any tensor of AlexNet has. */
const MOST_FILLED = 1 << 26;

type Maker = (view: NodeView) => OnnxTensor | undefined;

const constant: Maker = (view) => {
  const name = view.node.outputs[0];
  const tensor = view.tensor("value");
  if (tensor) return { ...tensor, name };
  const floats = view.floats("value_floats") ?? numbers(view, "value_float");
  if (floats) return small(name, TYPE.FLOAT, floats, view.node.attributes.has("value_float"));
  const ints = view.ints("value_ints") ?? numbers(view, "value_int");
  return ints && small(name, TYPE.INT64, ints, view.node.attributes.has("value_int"));
};

const filled: Maker = (view) => {
  const name = view.node.outputs[0];
  const dims = view.few(0, "shape");
  const elements = elementsOf(dims);
  if (!dims.every((size) => size >= 1) || !(elements <= MOST_FILLED))
    throw view.unread(
      "input 1 (shape)",
      dims,
      `whole numbers from 1, up to ${MOST_FILLED} elements`,
      "export the model again",
    );
  const value = view.tensor("value");
  if (value && value.few?.length !== 1)
    throw view.unread("the elements of value", elementsOf(value.dims), "1", "export the model again");
  const data = { kind: "filled", value: value?.few?.[0] ?? 0 } as const;
  const few = elements <= FEW && { few: Array<number>(elements).fill(data.value) };
  return { name, dims, type: value?.type ?? TYPE.FLOAT, data, ...few };
};

const alias: Maker = (view) => view.constants.at(0);

/** Operators whose output is a constant; Identity only where its input is one. */
const MAKERS = new Map<string, readonly [make: Maker, inputs: number]>([
  ["Constant", [constant, 0]],
  ["ConstantOfShape", [filled, 1]],
  ["Identity", [alias, 1]],
]);

export const CONSTANT_OPERATORS = [...MAKERS.keys()];

export class Constants {
  readonly #tensors: Map<string, OnnxTensor>;

  constructor(
    private readonly source: string,
    graph: OnnxGraph,
    private readonly opset: number,
  ) {
    this.#tensors = new Map(graph.tensors);
  }

  get(name: string): OnnxTensor | undefined {
    return this.#tensors.get(name);
  }

  /** Whether the node makes a constant, which is then known. */
  take(node: OnnxNode): boolean {
    const maker = MAKERS.get(node.operator);
    if (maker === undefined) return false;
    const [make, count] = maker;
    const inputs = node.inputs.map((name) => this.get(name));
    if (node.operator === "Identity" && inputs[0] === undefined) return false;
    if (node.inputs.length !== count || node.outputs.length !== 1 || node.outputs[0] === "")
      throw weightsErrors.broken(
        this.source,
        node.at,
        `has ${node.inputs.length} inputs and ${node.outputs.length} outputs; it must have ${count} and 1`,
      );
    const view = new NodeView(this.source, node, this.opset, { shape: [], batch: undefined }, inputs);
    const tensor = make(view);
    view.checkAllAsked();
    if (tensor === undefined)
      throw onnxErrors.unread(
        this.source,
        `${node.at}: its value`,
        undefined,
        "a tensor or numbers",
        "export the model in float32",
      );
    this.#tensors.set(node.outputs[0], tensor);
    return true;
  }
}

function numbers(view: NodeView, name: "value_float" | "value_int"): readonly number[] | undefined {
  if (!view.node.attributes.has(name)) return undefined;
  return [name === "value_int" ? view.int(name, 0) : view.float(name, 0)];
}

/** Numbers of an attribute: they are held as one value where they are one, and are small whatever they are for. */
function small(
  name: string,
  type: number,
  values: readonly number[],
  scalar: boolean,
): OnnxTensor | undefined {
  if (values.length === 0) return undefined;
  const data = { kind: "listed", values } as const;
  return { name, dims: scalar ? [] : [values.length], type, data, few: values };
}
