/** Weights from their source straight into their packed place: read piece by piece, never a whole tensor twice. */
import type { ReadTensor, Weights } from "../weights/weights.js";
import { packerOf, type PackedPlan } from "./panel-packers.js";

/** Elements that are read at a time, where a panel is not larger. */
const PIECE = 1 << 17;
/** Pieces that are read while another is packed: the threads that read files also take the memory's fresh pages. */
const AHEAD = 4;

/** Numbers that are read in one go. */
interface Piece {
  readonly tensor: string;
  /** The first element, in the tensor's row-major order. */
  readonly start: number;
  /** Where they are read to. */
  readonly out: Float32Array;
  /** Brings them from there to their packed place. */
  pack(): void;
}

/**
 * Packs every parameter into the shared memory: src = [out, in, kh, kw] (or [out, C, H, W] flat), dst = for each tower
 * of outputs [panels][K][panel], K in the order in which the kernels read: tower of inputs, row, column, channel;
 * by Winograd [49][panels][in][panel] of transformed filters. Weights of a layer in bfloat16 are rounded.
 */
export async function packWeights(
  plan: PackedPlan,
  weights: Weights,
  memory: SharedArrayBuffer,
): Promise<void> {
  const pieces = piecesOf(plan, new Float32Array(memory));
  await weights.stream((read) => packPieces(pieces, read));
}

/** In order, so that of several errors it is always the first one that is told. */
async function packPieces(pieces: Iterable<Piece>, read: ReadTensor): Promise<void> {
  const begun: { readonly piece: Piece; readonly reading: Promise<void> }[] = [];
  const packFirst = async () => {
    await begun[0].reading;
    begun.shift()?.piece.pack();
  };
  try {
    for (const piece of pieces) {
      const reading = read(piece.tensor, piece.start, piece.out);
      // thrown when its turn comes: until then, a rejected promise would count as unhandled
      reading.catch(() => undefined);
      begun.push({ piece, reading });
      if (begun.length > AHEAD) await packFirst();
    }
    while (begun.length > 0) await packFirst();
  } finally {
    // after an error too: nothing may be read from a source that is closed, into a memory that is let go
    await Promise.allSettled(begun.map(({ reading }) => reading));
  }
}

function* piecesOf(plan: PackedPlan, values: Float32Array): Generator<Piece, void, undefined> {
  const staging = new Staging();
  for (const operation of plan.graph.operations) {
    if (operation.kind !== "convolution" && operation.kind !== "fully-connected") continue;
    const packed = plan.memory.packed.get(operation.index);
    if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
    const { name, bias } = operation.layer;
    const output = plan.graph.tensors[operation.output];
    const channels = output.shape[0] / output.towers;
    const { panel } = plan.tile;
    const packer = packerOf(plan, operation, packed, values);
    for (let tower = 0; tower < output.towers; tower++) {
      const first = tower * channels;
      if (bias) {
        const at = (packed.bias + tower * packed.biasTower) / 4;
        const out = values.subarray(at, at + channels);
        yield { tensor: `${name}.bias`, start: first, out, pack: () => undefined };
      }
      const { perOutput, packedBytes, inPlace, pack } = packer;
      const outputs = panel * Math.max(1, Math.floor(PIECE / (panel * perOutput)));
      for (let from = 0; from < channels; from += outputs) {
        const length = (Math.min(channels, from + outputs) - from) * perOutput;
        const address = packed.weights + tower * packed.weightsTower + from * packedBytes;
        const buffer = inPlace ? values.subarray(address / 4) : staging.take(length);
        const out = buffer.subarray(0, length);
        yield {
          tensor: `${name}.weight`,
          start: (first + from) * perOutput,
          out,
          pack: () => {
            for (let at = 0, to = address; at < length; at += panel * perOutput, to += panel * packedBytes)
              pack(out.subarray(at, at + panel * perOutput), to);
            if (!inPlace) staging.give(buffer);
          },
        };
      }
    }
  }
}

/** Buffers that are used again: of new ones, those before would stay until they are collected. */
class Staging {
  readonly #spare: Float32Array[] = [];

  take(length: number): Float32Array {
    const buffer = this.#spare.pop();
    return buffer && buffer.length >= length ? buffer : new Float32Array(Math.max(PIECE, length));
  }

  give(buffer: Float32Array): void {
    this.#spare.push(buffer);
  }
}
