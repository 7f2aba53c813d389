/** Writes weights and their network as an ONNX model. */
import { onnxErrors } from "../../errors/onnx.js";
import type { Network } from "../../network/layers.js";
import { inferShapes } from "../../network/shapes.js";
import type { ModelName } from "../../network/variants.js";
import { metadataFromPurpose } from "../metadata.js";
import { bytesOf } from "../numbers.js";
import { integer, lengthOf, message, text, type Piece } from "../protobuf/encode.js";
import { resolveNetwork } from "../resolve.js";
import type { Weights } from "../weights.js";
import { readInPieces, writeWhole } from "../whole-file.js";
import { graphOf } from "./write-layers.js";
import { nodePieces, tensorPieces, valuePieces } from "./write-node.js";

export interface ExportOptions {
  /** What the weights are for, where they do not tell, or another network that fits them. */
  readonly network?: ModelName | Network;
}

const IR_VERSION = 8;
const OPSET = 17;
/** Bytes: what protobuf's readers take at most. */
const LARGEST_FILE = 2 ** 31 - 1;

/**
 * Writes an ONNX file: input [N, C, H, W] and one output, batches of any size, float32, opset 17; with the network, the
 * preprocessing and the labels in `metadata_props`, so that it reads back to the same weights and purpose. What the
 * operators of ONNX do not have is said by others: windows of a convolution that overhang by padding, a normalisation
 * inside towers by cutting the channels with Reshape, alpha that is not divided by the size by multiplying it, dropout
 * that is scaled in inference by Mul. The file appears under `path` only when it is whole.
 * @throws AlexNetError WEIGHTS_UNWRITABLE; as `resolveNetwork` and as reading `weights`; then nothing stays behind.
 */
export async function exportOnnx(path: string, weights: Weights, options: ExportOptions = {}): Promise<void> {
  const { network, preprocessing } = resolveNetwork(weights, options.network);
  const purpose = { ...weights, network, ...(preprocessing && { preprocessing }) };
  const pieces = modelPieces(path, network, metadataFromPurpose(purpose));
  const size = lengthOf(pieces);
  if (size > LARGEST_FILE) throw onnxErrors.tooLarge(path, size, LARGEST_FILE);
  await writeWhole(path, (write) =>
    weights.stream(async (read) => {
      for (const piece of joined(pieces)) {
        if (piece instanceof Uint8Array) await write(piece);
        else
          await readInPieces(read, { name: piece.tensor, shape: [piece.length / 4] }, (values) =>
            write(bytesOf(values)),
          );
      }
    }),
  );
}

function modelPieces(path: string, network: Network, metadata: Readonly<Record<string, string>>): Piece[] {
  const { nodes, tensors, input, output } = graphOf(path, network);
  const shaped = inferShapes(network);
  const graph = [
    ...nodes.map(nodePieces),
    text(2, network.name),
    ...tensors.map(tensorPieces),
    valuePieces(11, input, network.input),
    valuePieces(12, output, shaped[shaped.length - 1].output),
  ];
  return [
    integer(1, IR_VERSION),
    text(2, "alexnet-threads"),
    message(7, ...graph),
    message(8, text(1, ""), integer(2, OPSET)),
    ...Object.entries(metadata).map(([key, value]) => message(14, text(1, key), text(2, value))),
  ].flat();
}

/** Neighbouring bytes as one piece: a file is not written three bytes at a time. */
function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = [];
  let bytes: Uint8Array[] = [];
  const flush = () => {
    if (bytes.length > 0) found.push(Buffer.concat(bytes));
    bytes = [];
  };
  for (const piece of pieces)
    if (piece instanceof Uint8Array) bytes.push(piece);
    else {
      flush();
      found.push(piece);
    }
  flush();
  return found;
}
