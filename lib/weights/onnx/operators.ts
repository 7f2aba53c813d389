/** From nodes to layers: one function an operator. https://onnx.ai/onnx/operators has what their attributes mean. */
import type { Shape } from "../../network/layers.js";
import { elementsOf } from "../../network/shapes.js";
import { shortestDecimal } from "../numbers.js";
import type { NodeView } from "./node-view.js";
import { exactVector, matrix, vector, type PlacedTensor } from "./parameters.js";
import { readWindows } from "./windows.js";

/** What a node does to the data. */
export interface Step {
  /** As `defineNetwork` takes it, without a name; nothing where the data stay as they are. */
  readonly layer?: Readonly<Record<string, unknown>>;
  readonly weight?: PlacedTensor;
  readonly bias?: PlacedTensor;
  /** A bias for the layer before, which has none. */
  readonly biasBefore?: PlacedTensor;
  /** From here on, each of that many parts of the channels is an image of its own. */
  readonly parts?: number;
}

type Operator = (view: NodeView) => Step;
const FLATTEN: Step = { layer: { type: "flatten" } };
const SAME: Step = {};

const convolution: Operator = (view) => {
  view.checkInputs(2, 3);
  const [channels] = view.map();
  const weight = view.weight(1, "weights");
  const { dims } = weight;
  const groups = view.int("group", 1);
  if (dims.length !== 4 || dims[1] * groups !== channels)
    throw view.unread(
      "the shape of its weights",
      dims,
      `[out, ${channels / groups}, height, width]: its input has ${channels} channels in ${groups} groups`,
      "export the model again",
    );
  const windows = readWindows(view, [dims[2], dims[3]]);
  const bias = view.node.inputs.at(2) ? exactVector(view, 2, dims[0]) : undefined;
  return {
    layer: { type: "convolution", outChannels: dims[0], ...windows, groups, bias: bias !== undefined },
    weight: { tensor: weight, shape: dims },
    ...(bias && { bias }),
  };
};

/** ceil_mode: a window that would start behind the map is dropped, as opset 22 says and PyTorch does. */
const rounding = (view: NodeView): "ceil" | "floor" => (flag(view, "ceil_mode") ? "ceil" : "floor");

const maxPooling: Operator = (view) => {
  view.checkInputs(1, 1);
  view.map();
  // of the indices, which nothing reads
  view.ignore("storage_order");
  return { layer: { type: "max-pooling", ...readWindows(view), rounding: rounding(view) } };
};

const averagePooling: Operator = (view) => {
  view.checkInputs(1, 1);
  view.map();
  const countPadding = flag(view, "count_include_pad");
  return { layer: { type: "average-pooling", ...readWindows(view), rounding: rounding(view), countPadding } };
};

const normalisation: Operator = (view) => {
  view.checkInputs(1, 1);
  return {
    layer: {
      type: "local-response-normalisation",
      size: view.int("size"),
      alpha: shortestDecimal(view.float("alpha", 1e-4)),
      beta: shortestDecimal(view.float("beta", 0.75)),
      k: shortestDecimal(view.float("bias", 1)),
      alphaDividedBySize: true,
      scope: "across",
    },
  };
};

const gemm: Operator = (view) => {
  view.checkInputs(2, 3);
  if (view.node.inputs.at(2)) checkBroadcast(view);
  else view.ignore("broadcast");
  const [features] = flat(view);
  if (flag(view, "transA"))
    throw view.unread("transA", 1, "0", "export the layer with its images as the rows of the first input");
  const transposed = flag(view, "transB");
  const [alpha, beta] = [factor(view, "alpha"), factor(view, "beta")];
  const weight = matrix(view, transposed, features, alpha);
  const out = weight.shape[0];
  const bias = view.node.inputs.at(2) && beta !== 0 ? vector(view, 2, out, beta) : undefined;
  return fullyConnected(weight, bias);
};

const matMul: Operator = (view) => {
  view.checkInputs(2, 2);
  const [features] = flat(view);
  return fullyConnected(matrix(view, false, features, 1));
};

const fullyConnected = (weight: PlacedTensor, bias?: PlacedTensor): Step => ({
  layer: { type: "fully-connected", outFeatures: weight.shape[0], bias: bias !== undefined },
  weight,
  ...(bias && { bias }),
});

/** Only as the bias of a MatMul or Gemm before it, which the chain checks. */
const add: Operator = (view) => {
  view.checkInputs(2, 2);
  checkBroadcast(view);
  const [features] = flat(view);
  const axis = view.int("axis", 1);
  if (axis !== 1)
    throw view.unread("axis", axis, "1, along which a bias is added", "export the model with opset 17");
  const index = view.constants[0] ? 0 : 1;
  return { biasBefore: vector(view, index, features) };
};

/** By one number up to 1: the paper's dropout in inference. */
const multiply: Operator = (view) => {
  view.checkInputs(2, 2);
  checkBroadcast(view);
  const index = view.constants[0] ? 0 : 1;
  const few = view.few(index, "factor");
  if (few.length !== 1 || !(few[0] > 0 && few[0] <= 1))
    throw view.unread(
      `input ${index + 1} (factor)`,
      few,
      "one number above 0 and up to 1, as dropout has it in inference",
      "fold other factors into the weights",
    );
  // 1 - 0.7 is not 0.3 in doubles
  return {
    layer: { type: "dropout", rate: Number((1 - shortestDecimal(few[0])).toPrecision(9)), scaling: "test" },
  };
};

/** From opset 12 on ratio and training_mode are inputs, before 7 it was said whether the model is trained. */
const dropout: Operator = (view) => {
  const byInput = view.opset >= 12;
  view.checkInputs(1, byInput ? 3 : 1);
  if (byInput) view.ignore("seed");
  const rate = byInput ? (oneOf(view, 1, "ratio") ?? 0.5) : view.float("ratio", 0.5);
  const training =
    view.opset < 7 ? view.int("is_test", 0) === 0 : byInput && Boolean(oneOf(view, 2, "training_mode"));
  if (training)
    throw view.unread(
      view.opset < 7 ? "is_test" : "training_mode",
      view.opset < 7 ? 0 : true,
      view.opset < 7 ? "1" : "false",
      "export the model for inference",
    );
  return { layer: { type: "dropout", rate: shortestDecimal(rate), scaling: "train" } };
};

const flatten: Operator = (view) => {
  view.checkInputs(1, 1);
  const rank = view.data.shape.length + 1;
  const axis = view.int("axis", 1);
  if (axis !== 1 && axis !== 1 - rank)
    throw view.unread("axis", axis, "1, which keeps the images apart", "export the plain network");
  return rank === 2 ? SAME : FLATTEN;
};

const reshape: Operator = (view) => {
  const keepsZero = flag(view, "allowzero");
  const attribute = view.opset < 5 ? view.ints("shape") : undefined;
  view.checkInputs(attribute ? 1 : 2, attribute ? 1 : 2);
  const target = attribute ?? view.few(1, "shape");
  const { shape, batch } = view.data;
  const elements = elementsOf(shape);
  const isCopied = (size: number) => size === 0 && !keepsZero;
  const [images, ...given] = target;
  const isKept = isCopied(images) || images === batch;
  const sizes = given.map((size, axis) => (isCopied(size) ? shape[axis] : size));
  // -1 is what the others leave; for images it may be any number, so that of one image must be told
  const left = elements / elementsOf(sizes.filter((size) => size !== -1));
  const rest = isKept ? sizes.map((size) => (size === -1 ? left : size)) : sizes;
  const isSame =
    (isKept || images === -1) && elementsOf(rest) === elements && rest.every((size) => size >= 1);
  if (isSame && rest.length === 1) return shape.length === 1 ? SAME : FLATTEN;
  if (shape.length === 3 && rest.length === 3 && rest[1] === shape[1] && rest[2] === shape[2]) {
    if (isSame) return SAME;
    if (images === -1 && rest[0] >= 1) return { parts: shape[0] / rest[0] };
  }
  throw view.unread(
    "shape",
    target,
    `[N, ${elements}], N being -1, 0 or the size of the batch`,
    "export the model with torch.flatten(x, 1), with a batch of any size",
  );
};

const softmax: Operator = (view) => {
  view.checkInputs(1, 1);
  const { shape } = view.data;
  const last = shape.length;
  const axis = view.int("axis", view.opset < 13 ? 1 : -1);
  const positive = axis < 0 ? axis + last + 1 : axis;
  // before opset 13 all axes from this one on are one vector
  const channels = view.opset >= 13 || elementsOf(shape) === shape[0];
  if (positive !== 1 || !channels)
    throw view.unread("axis", axis, "that of the classes", "export the model with softmax over axis 1");
  return { layer: { type: "softmax" } };
};

const relu: Operator = (view) => {
  view.checkInputs(1, 1);
  return { layer: { type: "relu" } };
};

const identity: Operator = (view) => {
  view.checkInputs(1, 1);
  return SAME;
};

/** Those whose first input, or either input, are the data. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["Conv", convolution],
  ["Relu", relu],
  ["MaxPool", maxPooling],
  ["AveragePool", averagePooling],
  ["LRN", normalisation],
  ["Gemm", gemm],
  ["MatMul", matMul],
  ["Add", add],
  ["Mul", multiply],
  ["Flatten", flatten],
  ["Reshape", reshape],
  ["Dropout", dropout],
  ["Softmax", softmax],
  ["Identity", identity],
]);

/** Operators whose data may stand on either side. */
export const COMMUTATIVE: ReadonlySet<string> = new Set(["Add", "Mul"]);

function flag(view: NodeView, name: string): boolean {
  const value = view.int(name, 0);
  if (value !== 0 && value !== 1) throw view.unread(name, value, "0 or 1", "export the model again");
  return value === 1;
}

/** The one number of an input that may be left out. */
function oneOf(view: NodeView, index: number, name: string): number | undefined {
  if (!view.node.inputs.at(index)) return undefined;
  const values = view.few(index, name);
  if (values.length !== 1)
    throw view.unread(`input ${index + 1} (${name})`, values, "one number", "export the model again");
  return values[0];
}

/** Before opset 7 a node says that its second operand is repeated along the axes that it does not have. */
function checkBroadcast(view: NodeView): void {
  const broadcast = view.int("broadcast", 0);
  if (view.opset < 7 && broadcast !== 1)
    throw view.unread("broadcast", broadcast, "1", "export the model with opset 17");
}

function factor(view: NodeView, name: string): number {
  const value = view.float(name, 1);
  if (!Number.isFinite(value))
    throw view.unread(name, value, "a finite number", "the file is damaged, get it again");
  return value;
}

function flat(view: NodeView): Shape {
  const { shape } = view.data;
  if (shape.length !== 1)
    throw view.unread(
      "its input",
      shape,
      "a vector [F] of each image",
      "export the model with a Flatten before it",
    );
  return shape;
}
