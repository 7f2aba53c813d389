/** Which network a graph is, and what is known of its images. */
import { onnxErrors } from "../../errors/onnx.js";
import { defineNetwork } from "../../network/define.js";
import { essenceOf } from "../../network/essence.js";
import type { Network } from "../../network/layers.js";
import { PREPROCESSING } from "../../network/preprocessing.js";
import { publishedForm, withDropoutOf } from "../../network/published.js";
import { ownNetworkName } from "../legal-names.js";
import { purposeFromMetadata } from "../metadata.js";
import type { Purpose } from "../weights.js";
import type { Chain } from "./chain.js";
import { namesOf } from "./layer-names.js";
import type { OnnxModel } from "./model.js";

type Named = Purpose & { readonly network: Network };

/**
 * The network is the one that the file's own metadata describe (which must compute what the graph computes), else the
 * published form that computes the same, else the graph's, with names from the file.
 * @throws AlexNetError WEIGHTS_INVALID where metadata and graph differ.
 */
export function purposeOf(source: string, model: OnnxModel, chain: Chain): Named {
  const found = networkOf(model.graph.name, chain);
  const told = purposeFromMetadata(source, model.metadata, "metadata_props");
  if (told.network) {
    if (essenceOf(told.network) !== essenceOf(found))
      throw onnxErrors.otherNetwork(source, told.network.name);
    checkDropout(source, told.network, found);
    return { ...told, network: told.network };
  }
  const preprocessing = told.preprocessing ?? (isOfZoo(model) ? PREPROCESSING.caffenet : undefined);
  return { ...told, network: publishedForm(found) ?? found, ...(preprocessing && { preprocessing }) };
}

/** Dropout is no part of what a graph computes in inference, but of the network that would be trained. */
function checkDropout(source: string, told: Network, found: Network): void {
  // a file keeps rates as float32
  const ratesOf = ({ layers }: Network) =>
    layers.flatMap((layer) => (layer.type === "dropout" ? [Math.fround(layer.rate)] : []));
  const wanted = withDropoutOf(told, found);
  if (wanted === undefined || ratesOf(wanted).join() !== ratesOf(told).join())
    throw onnxErrors.otherDropout(source, told.name);
}

/** The model zoo's bvlcalexnet and caffenet, which Caffe2 made of BVLC's weights. */
const isOfZoo = ({ graph }: OnnxModel): boolean =>
  graph.inputs[0].name === "data_0" && graph.tensors.has("conv1_w_0");

function networkOf(graphName: string, { input, layers }: Chain): Network {
  const names = namesOf(layers);
  return defineNetwork({
    name: ownNetworkName(graphName, "onnx"),
    input,
    layers: layers.map(({ description }, index) => ({ ...description, name: names[index] })),
  });
}
