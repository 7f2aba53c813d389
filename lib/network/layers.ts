/**
 * Layers as plain data: what a network computes, with no threads, memory or weights. A network is a straight
 * list of layers. One that has grouped convolutions runs as that many towers, as the 2012 network ran on two GPUs.
 */

/** Height and width, in pixels. */
export type Pair = readonly [height: number, width: number];
/** Pixels added at each side. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];
/** [C, H, W] of a map, [F] of a flat vector; the batch is not part of it. */
export type Shape = readonly number[];

/**
 * How the number of windows is rounded when the stride does not divide: "floor" drops the rest, "ceil" adds a
 * window that overhangs at the bottom and the right, unless it would start behind the map. There a convolution
 * reads zeros (the original's conv1 on 224 x 224), and a pooling only looks at what is inside the map (Caffe).
 */
export type Rounding = "floor" | "ceil";

export interface Convolution {
  readonly type: "convolution";
  readonly name: string;
  readonly outChannels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  /** Input and output channels are cut into this many groups that do not see each other. */
  readonly groups: number;
  readonly bias: boolean;
  readonly rounding: Rounding;
}

export interface ReLU {
  readonly type: "relu";
  readonly name: string;
}

/** The windows of a pooling, whatever it makes of their values. */
export interface Pooling {
  readonly name: string;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Less than the kernel at each side, so that every window sees something of the map. */
  readonly padding: Padding;
  readonly rounding: Rounding;
}

export interface MaxPooling extends Pooling {
  readonly type: "max-pooling";
}

/**
 * The sum of what a window sees of the map, divided by the number of the window's elements that lie inside the map, or,
 * where `countPadding`, inside the padded map; what overhangs beyond that never counts. The first is the default of
 * ONNX's AveragePool (`count_include_pad`), the second of PyTorch's AvgPool2d, and what Caffe does.
 */
export interface AveragePooling extends Pooling {
  readonly type: "average-pooling";
  readonly countPadding: boolean;
}

/**
 * y[c] = x[c] / (k + a * sum of x[j]^2)^beta, the sum over `size` channels around c (clipped at the ends; for an
 * even size one more after c than before it, as in ONNX), where a is alpha, or alpha / size when
 * `alphaDividedBySize`. The paper's section 3.3 prints the undivided form; Caffe, ONNX, PyTorch and the 2012 code
 * divide.
 */
export interface LocalResponseNormalisation {
  readonly type: "local-response-normalisation";
  readonly name: string;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  readonly alphaDividedBySize: boolean;
  /** "tower": the window ends where the tower's channels end; "across": it reads into the other tower. */
  readonly scope: "tower" | "across";
}

/** Alpha for a sum that is divided by the size, whichever form the layer has. */
export const dividedAlpha = ({ alpha, size, alphaDividedBySize }: LocalResponseNormalisation): number =>
  alphaDividedBySize ? alpha : alpha * size;

export interface FullyConnected {
  readonly type: "fully-connected";
  readonly name: string;
  readonly outFeatures: number;
  readonly bias: boolean;
}

/**
 * `scaling` says where the expectation is kept: "train" multiplies by 1 / (1 - rate) in training and does nothing
 * in inference (Caffe, PyTorch); "test" multiplies by 1 - rate in inference (the paper, section 4.2).
 */
export interface Dropout {
  readonly type: "dropout";
  readonly name: string;
  readonly rate: number;
  readonly scaling: "train" | "test";
}

export interface Flatten {
  readonly type: "flatten";
  readonly name: string;
}

export interface Softmax {
  readonly type: "softmax";
  readonly name: string;
}

export type Layer =
  | Convolution
  | ReLU
  | MaxPooling
  | AveragePooling
  | LocalResponseNormalisation
  | FullyConnected
  | Dropout
  | Flatten
  | Softmax;

export type LayerType = Layer["type"];

export interface Network {
  readonly name: string;
  /** [C, H, W] of what goes into the first layer. */
  readonly input: readonly [channels: number, height: number, width: number];
  readonly layers: readonly Layer[];
}

/** The number of towers that a network runs as: its largest number of groups. */
export function towersOf(network: Pick<Network, "layers">): number {
  return Math.max(1, ...network.layers.map((layer) => (layer.type === "convolution" ? layer.groups : 1)));
}
