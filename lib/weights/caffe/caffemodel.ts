/**
 * Caffe's .caffemodel (a NetParameter of caffe.proto): the layers of a net with their parameters and their numbers.
 * Both kinds of layer are read, those of before 2015 (`layers`, in the released models) and those since (`layer`).
 */
import { weightsErrors } from "../../errors/weights.js";
import type { OpenFile, WeightFile } from "../file.js";
import type { WeightFormat } from "../format.js";
import { Message } from "../protobuf/message.js";
import { WireReader } from "../protobuf/wire.js";
import type { FileContents } from "../stored.js";
import { preprocessingOf } from "./data-layers.js";
import { readLayer, type CaffeLayer, type LayerKind } from "./layer.js";
import { withLegalNames } from "./layer-names.js";
import { networkOf } from "./network.js";
import { tensorsOf } from "./tensors.js";

const LAYERS: Readonly<Record<LayerKind, number>> = { V1LayerParameter: 2, LayerParameter: 100 };
/** Of a V1LayerParameter: a layer of the kind before it. */
const V0_LAYER = 1;
const MOST_LAYERS = 1024;

export const caffemodel: WeightFormat = {
  name: "caffemodel",
  matches: beginsAsNet,
  read: (file) => file.use((opened) => readCaffemodel(file, opened)),
};

/** Tags that may stand before the first layer: name, input, input_dim, force_backward, state, debug_info, input_shape. */
const TEXTS = [0x0a, 0x1a, 0x22, 0x32, 0x42];
const NUMBERS = [0x20, 0x28, 0x38];
/** First tags of a layer: of V1, V0 inside, bottom, top, name or type; of the later kind name, type, bottom or top. */
const V1_FIRST = [0x0a, 0x12, 0x1a, 0x22, 0x28];
const LATER_FIRST = [0x0a, 0x12, 0x1a, 0x22];

/** A net has no magic number: its first fields must be those of a net, up to a layer that begins as a layer does. */
function beginsAsNet(head: Uint8Array): boolean {
  const length = (at: number): { value: number; end: number } => {
    let value = 0;
    for (let index = 0; index < 5; index++) {
      const byte = head[at + index] ?? 0;
      value += (byte & 127) * 2 ** (7 * index);
      if (byte < 128) return { value, end: at + index + 1 };
    }
    return { value: Infinity, end: head.length };
  };
  for (let at = 0; at < head.length;) {
    const tag = head[at];
    if (tag === 0x12) return V1_FIRST.includes(head[length(at + 1).end]);
    if (tag === 0xa2 && head[at + 1] === 0x06) return LATER_FIRST.includes(head[length(at + 2).end]);
    const { value, end } = length(at + 1);
    if (TEXTS.includes(tag)) at = end + value;
    else if (NUMBERS.includes(tag)) at = end;
    else return false;
  }
  return false;
}

async function readCaffemodel(file: WeightFile, opened: OpenFile): Promise<FileContents> {
  const { source, size } = file;
  const net = await Message.read(new WireReader(file, opened), [{ start: 0, end: size }], "the net", "last");
  const layers = withLegalNames(await readLayers(net));
  const tensors = await tensorsOf(source, layers);
  const network = await networkOf(net, layers);
  return { tensors, ...(network && { network, preprocessing: await preprocessingOf(layers) }) };
}

async function readLayers(net: Message): Promise<CaffeLayer[]> {
  const { source } = net;
  const v1 = net.has(LAYERS.V1LayerParameter);
  if (v1 && net.has(LAYERS.LayerParameter))
    throw weightsErrors.refused(
      source,
      net.what,
      "has both `layers` and `layer`, of which Caffe reads one kind",
      "save it again with Caffe",
    );
  const kind = v1 ? "V1LayerParameter" : "LayerParameter";
  const parts = net.all(LAYERS[kind], 2);
  if (parts.length === 0 || parts.length > MOST_LAYERS)
    throw net.brokenAt("its layers", `are ${parts.length}; there must be from 1 to ${MOST_LAYERS}`);
  const layers: CaffeLayer[] = [];
  for (const [index, part] of parts.entries()) {
    const message = await net.part(part, `layer ${index + 1}`);
    if (v1 && message.has(V0_LAYER))
      throw weightsErrors.unsupported(
        source,
        "a Caffe file of before 2014 (V0 layers)",
        "write it anew with Caffe's upgrade_net_proto_binary",
      );
    layers.push(await readLayer(message, kind));
  }
  return layers;
}
