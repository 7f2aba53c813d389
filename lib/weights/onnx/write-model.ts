/** An ONNX model as pieces of a file: the numbers of its tensors are written when their turn comes. */
import type { Network } from "../../network/layers.js";
import { inferShapes } from "../../network/shapes.js";
import { bytesOf } from "../numbers.js";
import { integer, message, text, type Piece } from "../protobuf/encode.js";
import type { Weights } from "../weights.js";
import { readInPieces, type Write } from "../whole-file.js";
import { graphOf, type WriteNormalisation } from "./write-layers.js";
import { nodePieces, tensorPieces, valuePieces } from "./write-node.js";

const IR_VERSION = 8;
const OPSET = 17;

interface ModelParts {
  /** For `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How normalisations are written; by the operator LRN where missing. */
  readonly writeNormalisation?: WriteNormalisation;
}

/**
 * Input [N, C, H, W] and one output, batches of any size N, float32.
 * @param path the file, for errors
 * @throws AlexNetError WEIGHTS_UNWRITABLE for a layer that no operator computes.
 */
export function modelPieces(
  path: string,
  network: Network,
  { metadata = {}, writeNormalisation }: ModelParts,
): Piece[] {
  const { nodes, tensors, input, output } = graphOf(path, network, writeNormalisation);
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

/** Writes all pieces in order; the bytes that `write` gets are its own only until it is done. */
export const writePieces = (pieces: readonly Piece[], weights: Weights, write: Write): Promise<void> =>
  weights.stream(async (read) => {
    for (const piece of joined(pieces)) {
      if (piece instanceof Uint8Array) await write(piece);
      else
        await readInPieces(read, { name: piece.tensor, shape: [piece.length / 4] }, (values) =>
          write(bytesOf(values)),
        );
    }
  });

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
