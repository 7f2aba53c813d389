/** From a graph to the list of layers that a network is: one chain, from the one input to the one output. */
import { AlexNetError } from "../../errors/base.js";
import { onnxErrors } from "../../errors/onnx.js";
import { weightsErrors } from "../../errors/weights.js";
import { defineNetwork, MOST_LAYERS } from "../../network/define.js";
import { towersOf, type Network, type Shape } from "../../network/layers.js";
import { inferShapes } from "../../network/shapes.js";
import { CONSTANT_OPERATORS, Constants } from "./constants.js";
import { checkOutput, inputData, onlyOne } from "./graph-ends.js";
import type { OnnxModel, OnnxNode } from "./model.js";
import { NodeView, type Data } from "./node-view.js";
import { COMMUTATIVE, OPERATORS, type Step } from "./operators.js";
import type { PlacedTensor } from "./parameters.js";

/** A layer without its name, which needs all of them. */
export interface ChainLayer {
  readonly node: OnnxNode;
  readonly description: Readonly<Record<string, unknown>>;
  readonly weight?: PlacedTensor;
  readonly bias?: PlacedTensor;
}

export interface Chain {
  readonly input: readonly [number, number, number];
  readonly layers: readonly ChainLayer[];
}

/** @throws AlexNetError WEIGHTS_INVALID naming the node, the input or the output. */
export function chainOf(source: string, model: OnnxModel): Chain {
  const chain = new ChainReader(source, model);
  model.graph.nodes.forEach((node) => {
    chain.take(node);
  });
  return chain.end();
}

class ChainReader {
  readonly #constants: Constants;
  readonly #input: readonly [number, number, number];
  readonly #layers: ChainLayer[] = [];
  /** The value that the next node must read. */
  #value: string;
  #data: Data;
  /** Names that stand for something already. */
  readonly #known: Set<string>;
  /** Parts of the channels that are images of their own just now. */
  #parts = 1;
  /** The node that cut the channels first, and in how many. */
  #cut: { readonly node: OnnxNode; readonly parts: number } | undefined;

  constructor(
    private readonly source: string,
    private readonly model: OnnxModel,
  ) {
    const { graph } = model;
    this.#constants = new Constants(source, graph, model.opset);
    const input = onlyOne(source, graph.inputs, "input");
    const { shape, batch } = inputData(source, input);
    this.#value = input.name;
    this.#data = { shape, batch };
    this.#input = shape.length === 3 ? [shape[0], shape[1], shape[2]] : [shape[0], 1, 1];
    this.#known = new Set([input.name, ...graph.tensors.keys()]);
  }

  take(node: OnnxNode): void {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (this.#known.has(name))
        throw weightsErrors.broken(
          this.source,
          node.at,
          `makes ${JSON.stringify(name)}, which is there already`,
        );
      this.#known.add(name);
    }
    if (this.#constants.take(node)) return;
    const operator = OPERATORS.get(node.operator);
    if (operator === undefined)
      throw onnxErrors.operator(this.source, node.at, [
        ...new Set([...OPERATORS.keys(), ...CONSTANT_OPERATORS]),
      ]);
    const view = new NodeView(this.source, node, this.model.opset, this.#data, this.#inputsOf(node));
    // how opsets before 6 said which inputs may be overwritten
    view.ignore("consumed_inputs");
    const step = operator(view);
    view.checkAllAsked();
    this.#apply(node, step);
    this.#value = node.outputs[0];
  }

  end(): Chain {
    const output = onlyOne(this.source, this.model.graph.outputs, "output");
    if (output.name !== this.#value)
      throw onnxErrors.notAChain(
        this.source,
        `output ${JSON.stringify(output.name)}`,
        `is not ${JSON.stringify(this.#value)}, which the last node makes`,
      );
    if (this.#layers.length === 0) throw weightsErrors.broken(this.source, "the graph", "has no layer");
    if (this.#parts !== 1)
      throw onnxErrors.notAChain(this.source, "the graph", "ends where its channels are cut in parts");
    const towers = towersOf(this.#network());
    if (this.#cut && this.#cut.parts !== towers)
      throw onnxErrors.unread(
        this.source,
        `${this.#cut.node.at}: the number of parts of the channels`,
        this.#cut.parts,
        `${towers}, the groups of the network's convolutions`,
        "export the plain network",
      );
    checkOutput(this.source, output, this.#data);
    return { input: this.#input, layers: this.#layers };
  }

  /** The constants among a node's inputs; what is none must be the data, where the operator has them. */
  #inputsOf(node: OnnxNode) {
    const places = COMMUTATIVE.has(node.operator) ? [0, 1] : [0];
    const constants = node.inputs.map((name) => this.#constants.get(name));
    let found = false;
    for (const [index, name] of node.inputs.entries()) {
      if (name === "" || constants[index] !== undefined) continue;
      if (!this.#known.has(name) || node.outputs.includes(name))
        throw onnxErrors.notAChain(
          this.source,
          node.at,
          `reads ${JSON.stringify(name)}, which no node before it makes`,
        );
      if (name !== this.#value || !places.includes(index) || found)
        throw onnxErrors.notAChain(
          this.source,
          node.at,
          `reads ${JSON.stringify(name)} as input ${index + 1}, where the data are ${JSON.stringify(this.#value)}`,
        );
      found = true;
    }
    if (!found)
      throw onnxErrors.notAChain(this.source, node.at, `does not read ${JSON.stringify(this.#value)}`);
    return constants;
  }

  #apply(node: OnnxNode, { layer, weight, bias, biasBefore, parts }: Step): void {
    if (parts !== undefined) {
      this.#cutChannels(node, parts);
      return;
    }
    if (biasBefore) this.#addBias(node, biasBefore);
    if (layer === undefined) return;
    if (this.#layers.length === MOST_LAYERS)
      throw weightsErrors.refused(
        this.source,
        "the graph",
        `has more than ${MOST_LAYERS} layers`,
        "give a model of one network",
      );
    const description = this.#parts === 1 ? layer : this.#within(node, layer);
    // a graph of vectors, whose network begins with a map of one pixel
    if (this.#layers.length === 0 && this.#data.shape.length === 1 && layer.type !== "fully-connected")
      this.#layers.push({ node, description: { type: "flatten" } });
    this.#layers.push({ node, description, ...(weight && { weight }), ...(bias && { bias }) });
    const shape = this.#shapeAfter(node);
    this.#data =
      this.#parts === 1
        ? { ...this.#data, shape }
        : { ...this.#data, shape: [shape[0] / this.#parts, shape[1], shape[2]] };
  }

  /** What is done to parts of the channels on their own: only a normalisation, whose window then ends at theirs. */
  #within(node: OnnxNode, layer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    if (layer.type !== "local-response-normalisation")
      throw onnxErrors.notAChain(
        this.source,
        node.at,
        `works on ${this.#parts} parts of the channels, which only LRN may`,
      );
    return { ...layer, scope: "tower" };
  }

  #cutChannels(node: OnnxNode, parts: number): void {
    const { shape, batch } = this.#data;
    const joins = parts === 1 / this.#parts;
    const cuts = this.#parts === 1 && Number.isInteger(parts) && parts === (this.#cut?.parts ?? parts);
    if (!joins && !cuts)
      throw onnxErrors.unread(
        this.source,
        `${node.at}: the number of parts of the channels`,
        parts,
        "a divisor of the channels, the same wherever they are cut, and joined before the next one",
        "export the plain network",
      );
    if (cuts) this.#cut ??= { node, parts };
    this.#parts = joins ? 1 : parts;
    this.#data = { batch, shape: [shape[0] / parts, shape[1], shape[2]] };
  }

  #addBias(node: OnnxNode, bias: PlacedTensor): void {
    const last = this.#layers.length === 0 ? undefined : this.#layers[this.#layers.length - 1];
    if (last?.description.type !== "fully-connected" || last.description.bias !== false)
      throw onnxErrors.notAChain(this.source, node.at, "is not the bias of a MatMul or Gemm right before it");
    this.#layers[this.#layers.length - 1] = {
      ...last,
      description: { ...last.description, bias: true },
      bias,
    };
  }

  #network(): Network {
    const layers = this.#layers.map(({ node, description }, index) => ({
      ...description,
      name: `${node.operator}_${index + 1}`,
    }));
    return defineNetwork({ name: "onnx", input: this.#input, layers });
  }

  #shapeAfter(node: OnnxNode): Shape {
    try {
      return inferShapes(this.#network()).slice(-1)[0].output;
    } catch (cause) {
      if (cause instanceof AlexNetError && cause.code === "NETWORK_INVALID")
        throw onnxErrors.notALayer(this.source, node.at, cause);
      throw cause;
    }
  }
}
