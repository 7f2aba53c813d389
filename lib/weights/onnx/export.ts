/** Writes weights and their network as an ONNX model. */
import { onnxErrors } from "../../errors/onnx.js";
import type { Network } from "../../network/layers.js";
import type { ModelName } from "../../network/variants.js";
import { weightsErrors } from "../../errors/weights.js";
import { metadataFromPurpose } from "../metadata.js";
import { lengthOf } from "../protobuf/encode.js";
import { resolveNetwork } from "../resolve.js";
import type { Weights } from "../weights.js";
import { writeWhole } from "../whole-file.js";
import { LARGEST_ENTRIES } from "./read-tensor.js";
import { modelPieces, writePieces } from "./write-model.js";

export interface ExportOptions {
  /** What the weights are for, where they do not tell, or another network that fits them. */
  readonly network?: ModelName | Network;
}

/** Bytes: what protobuf's readers take at most. */
const LARGEST_FILE = 2 ** 31 - 1;

/**
 * Writes an ONNX file: input [N, C, H, W] and one output, batches of any size, float32, opset 17; with the network, the
 * preprocessing and the labels in `metadata_props`, so that it reads back to the same weights and purpose. What the
 * operators of ONNX do not have is said by others: windows of a convolution that overhang by padding, a normalisation
 * inside towers by cutting the channels with Reshape, alpha that is not divided by the size by multiplying it, dropout
 * that is scaled in inference by Mul. The file appears under `path` only when it is whole.
 * @throws AlexNetError WEIGHTS_UNWRITABLE, also for a mean image or labels that would not be read back; as `resolveNetwork` and as reading `weights`; then nothing stays behind.
 */
export async function exportOnnx(path: string, weights: Weights, options: ExportOptions = {}): Promise<void> {
  const { network, preprocessing } = resolveNetwork(weights, options.network);
  const purpose = { ...weights, network, ...(preprocessing && { preprocessing }) };
  const metadata = metadataFromPurpose(path, purpose);
  const beside = Object.values(metadata).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (beside > LARGEST_ENTRIES)
    throw weightsErrors.metadataTooLarge(path, "metadata_props", beside, LARGEST_ENTRIES);
  const pieces = modelPieces(path, network, { metadata });
  const size = lengthOf(pieces);
  if (size > LARGEST_FILE) throw onnxErrors.tooLarge(path, size, LARGEST_FILE);
  await writeWhole(path, (write) => writePieces(pieces, weights, write));
}
