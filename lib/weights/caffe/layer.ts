/** One layer of a Caffe file, whichever of the two kinds of message holds it (caffe.proto). */
import { show } from "../../errors/base.js";
import type { Message } from "../protobuf/message.js";
import { readBlob, type Blob } from "./blob.js";

/** What both kinds of layer have, by their field numbers. */
const COMMON = {
  V1LayerParameter: { name: 4, type: 5, bottom: 2, top: 3, blobs: 6 },
  LayerParameter: { name: 1, type: 2, bottom: 3, top: 4, blobs: 7 },
} as const;

export type LayerKind = keyof typeof COMMON;

/** Messages of parameters, by their field numbers in either kind. */
const PARAMETERS = {
  convolution_param: { V1LayerParameter: 10, LayerParameter: 106 },
  inner_product_param: { V1LayerParameter: 17, LayerParameter: 117 },
  lrn_param: { V1LayerParameter: 18, LayerParameter: 118 },
  pooling_param: { V1LayerParameter: 19, LayerParameter: 121 },
  relu_param: { V1LayerParameter: 30, LayerParameter: 123 },
  dropout_param: { V1LayerParameter: 12, LayerParameter: 108 },
  softmax_param: { V1LayerParameter: 39, LayerParameter: 125 },
  flatten_param: { V1LayerParameter: undefined, LayerParameter: 135 },
  input_param: { V1LayerParameter: undefined, LayerParameter: 143 },
  transform_param: { V1LayerParameter: 36, LayerParameter: 100 },
  data_param: { V1LayerParameter: 11, LayerParameter: 107 },
  image_data_param: { V1LayerParameter: 15, LayerParameter: 115 },
  window_data_param: { V1LayerParameter: 20, LayerParameter: 129 },
  memory_data_param: { V1LayerParameter: 22, LayerParameter: 119 },
} as const;

export type ParameterName = keyof typeof PARAMETERS;

/** What the numbers of V1 layers are called in the layers that followed them. */
const V1_TYPES: ReadonlyMap<number, string> = new Map([
  [35, "AbsVal"],
  [1, "Accuracy"],
  [30, "ArgMax"],
  [2, "BNLL"],
  [3, "Concat"],
  [37, "ContrastiveLoss"],
  [4, "Convolution"],
  [5, "Data"],
  [39, "Deconvolution"],
  [6, "Dropout"],
  [32, "DummyData"],
  [7, "EuclideanLoss"],
  [25, "Eltwise"],
  [38, "Exp"],
  [8, "Flatten"],
  [9, "HDF5Data"],
  [10, "HDF5Output"],
  [28, "HingeLoss"],
  [11, "Im2col"],
  [12, "ImageData"],
  [13, "InfogainLoss"],
  [14, "InnerProduct"],
  [15, "LRN"],
  [29, "MemoryData"],
  [16, "MultinomialLogisticLoss"],
  [34, "MVN"],
  [17, "Pooling"],
  [26, "Power"],
  [18, "ReLU"],
  [19, "Sigmoid"],
  [27, "SigmoidCrossEntropyLoss"],
  [36, "Silence"],
  [20, "Softmax"],
  [21, "SoftmaxWithLoss"],
  [22, "Split"],
  [33, "Slice"],
  [23, "TanH"],
  [24, "WindowData"],
  [31, "Threshold"],
]);

/** Far more than a layer has. */
const MOST_BLOBS = 16;
const MOST_CONNECTIONS = 1024;

export interface CaffeLayer {
  /** As in the file, until `withLegalNames`. */
  readonly name: string;
  /** As in `layer { type: "Convolution" }`; "" where the file does not tell it. */
  readonly type: string;
  /** Names of what it reads and of what it makes; the same name where it works in place. */
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly blobs: readonly Blob[];
  /** A message of parameters where the file has it. */
  readonly parameters: (name: ParameterName) => Promise<Message | undefined>;
  /** For errors: the layer's name in the file and its place. */
  readonly message: Message;
}

/** @throws AlexNetError WEIGHTS_INVALID naming the layer and what is wrong with it. */
export async function readLayer(unnamed: Message, kind: LayerKind): Promise<CaffeLayer> {
  const fields = COMMON[kind];
  const name = await unnamed.text(fields.name);
  const message = unnamed.named(`layer ${show(name)}`);
  const parts = message.all(fields.blobs, 2);
  if (parts.length > MOST_BLOBS)
    throw message.brokenAt("blobs", `are ${parts.length}; there must be at most ${MOST_BLOBS}`);
  const blobs: Blob[] = [];
  for (const [index, part] of parts.entries())
    blobs.push(await readBlob(await message.part(part, `${message.what}: blob ${index}`)));
  return {
    name,
    type: kind === "V1LayerParameter" ? typeOfV1(message, fields.type) : await message.text(fields.type),
    bottoms: await message.texts(fields.bottom, MOST_CONNECTIONS),
    tops: await message.texts(fields.top, MOST_CONNECTIONS),
    blobs,
    parameters: async (parameter) => {
      const number = PARAMETERS[parameter][kind];
      return number === undefined ? undefined : message.message(number, `${message.what}: ${parameter}`);
    },
    message,
  };
}

function typeOfV1(message: Message, field: number): string {
  const number = message.integer(field);
  // NONE, the default
  if (number === undefined || number === 0) return "";
  return V1_TYPES.get(number) ?? `V1 layer type ${number}`;
}
