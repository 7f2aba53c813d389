/**
 * ONNX models (https://onnx.ai/onnx/repo-docs/IR.html) whose graph is one chain of layers: the network comes from the
 * graph, the numbers from its initializers and constants, read where they lie.
 */
import type { ReadOptions, WeightFormat } from "../format.js";
import { WireReader } from "../protobuf/wire.js";
import type { FileContents, StoredTensor } from "../stored.js";
import { chainOf } from "./chain.js";
import { ExternalFiles } from "./external.js";
import { Places } from "./place.js";
import { purposeOf } from "./purpose.js";
import { readModel } from "./read-model.js";

/** Tags of the fields of ModelProto that may follow ir_version, the first one. */
const SECOND_TAGS = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

export const onnx: WeightFormat = {
  name: "onnx",
  matches: (head) =>
    head[0] === 0x08 &&
    head[1] < 128 &&
    SECOND_TAGS.includes(head[2]) &&
    // the upper half of the length that safetensors begins with; no tag of protobuf is 0
    head.subarray(4, 8).some((byte) => byte !== 0),
  read: (file, options) => file.use((opened) => readOnnx(new WireReader(file, opened), options)),
};

async function readOnnx(wire: WireReader, options: ReadOptions): Promise<FileContents> {
  const { source } = wire;
  const model = await readModel(wire);
  const chain = chainOf(source, model);
  const purpose = purposeOf(source, model, chain);
  const places = new Places(wire, new ExternalFiles(source, options.externalData ?? false));
  const tensors = new Map<string, StoredTensor>();
  // the network may be another description of the same layers: those with parameters are the same, in order
  const named = purpose.network.layers.filter(
    ({ type }) => type === "convolution" || type === "fully-connected",
  );
  const layers = chain.layers.filter(({ weight }) => weight !== undefined);
  for (const [index, { weight, bias }] of layers.entries())
    for (const [kind, placed] of [
      ["weight", weight],
      ["bias", bias],
    ] as const) {
      if (placed === undefined) continue;
      const name = `${named[index].name}.${kind}`;
      tensors.set(name, await places.stored(name, placed));
    }
  return { tensors, ...purpose };
}
