import { weightsErrors } from "../errors/weights.js";
import type { TensorInfo } from "./weights.js";

/** torchvision's modules, whose names the single-tower PyTorch form shares. */
const TORCH_LAYERS = new Map([
  ["features.0", "conv1"],
  ["features.3", "conv2"],
  ["features.6", "conv3"],
  ["features.8", "conv4"],
  ["features.10", "conv5"],
  ["classifier.1", "fc6"],
  ["classifier.4", "fc7"],
  ["classifier.6", "fc8"],
]);

/**
 * "LAYER.weight" and "LAYER.bias" for the names of PyTorch's AlexNet, without the "module." that DataParallel puts
 * before all of them or, wrapped around the features alone, behind "features."; other names stay as they are, also
 * that of a layer which is called "module".
 */
export function layerName(key: string): string {
  const bare = key.replace(/^module\.(?=.*\.)/, "").replace(/^features\.module\./, "features.");
  const [, module, kind] = /^(.*)\.(weight|bias)$/.exec(bare) ?? [];
  const layer = TORCH_LAYERS.get(module);
  return layer === undefined ? bare : `${layer}.${kind}`;
}

/** @throws AlexNetError WEIGHTS_INVALID where two keys mean the same tensor. */
export function layerNames<T extends TensorInfo>(
  source: string,
  tensors: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  const named = new Map<string, T>();
  for (const [key, tensor] of tensors) {
    const name = layerName(key);
    if (named.has(name)) throw weightsErrors.duplicate(source, name);
    named.set(name, { ...tensor, name });
  }
  return named;
}
