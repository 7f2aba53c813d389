/** A network with seeded weights in the files that our command and the peers read. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Network } from "../../lib/network/layers.js";
import { PREPROCESSING, type Preprocessing } from "../../lib/network/preprocessing.js";
import { MODEL_NAMES } from "../../lib/network/variants.js";
import { saveWeights } from "../../lib/weights/index.js";
import { seededWeights } from "../../test/seeded-weights.js";
import { onnxModel, type LrnExport } from "../peers/onnx-model.js";

export interface WeightFiles {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** Paths. */
  readonly safetensors: string;
  readonly onnx: Readonly<Record<LrnExport, string>>;
}

/** @throws AlexNetError WEIGHTS_UNWRITABLE for a layer that no operator of ONNX computes. */
export async function writeWeightFiles(folder: string, network: Network): Promise<WeightFiles> {
  const model = MODEL_NAMES.find((name) => name === network.name);
  const preprocessing = PREPROCESSING[model ?? "caffenet"];
  const weights = seededWeights(network);
  const safetensors = join(folder, "weights.safetensors");
  await saveWeights(safetensors, { ...weights, preprocessing });
  const onnx = { operator: join(folder, "operator.onnx"), elementary: join(folder, "elementary.onnx") };
  for (const lrn of ["operator", "elementary"] as const)
    await writeFile(onnx[lrn], await onnxModel(network, weights, lrn, "probabilities"));
  return { network, preprocessing, safetensors, onnx };
}
