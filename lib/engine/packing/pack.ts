/** Weights from their source straight into their packed place: read piece by piece, never a whole tensor twice. */
import type { ColumnReader, ReadTensor, Weights } from "../../weights/weights.js";
import { columnPackerOf } from "./column-packer.js";
import { packerOf, type PackedPlan } from "./panel-packers.js";
import { columnPieces, rowPieces, Staging, type Piece } from "./pieces.js";

/** Pieces that are read while another is packed: the threads that read files also take the memory's fresh pages. */
const AHEAD = 4;

/** A stream of weights that is open. */
interface Source {
  readonly read: ReadTensor;
  readonly columns?: ColumnReader;
}

/**
 * Packs every parameter into the shared memory, fresh from its allocation: src = [out, in, kh, kw] (or [out, C, H, W]
 * flat), dst = for each tower of outputs [panels][K][panel], K in the order in which the kernels read: tower of inputs,
 * row, column, channel; by Winograd [49][panels][in][panel] of transformed filters. Weights of a layer in bfloat16 are
 * rounded.
 */
export async function packWeights(
  plan: PackedPlan,
  weights: Weights,
  memory: SharedArrayBuffer,
): Promise<void> {
  await weights.stream((read, columns) =>
    packPieces(piecesOf(plan, new Float32Array(memory), { read, ...(columns && { columns }) })),
  );
}

/** In order, so that of several errors it is always the first one that is told. */
async function packPieces(pieces: Iterable<Piece>): Promise<void> {
  const begun: { readonly piece: Piece; readonly reading: Promise<void> }[] = [];
  const packFirst = async () => {
    await begun[0].reading;
    begun.shift()?.piece.pack();
  };
  try {
    for (const piece of pieces) {
      const reading = piece.read();
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

function* piecesOf(
  plan: PackedPlan,
  values: Float32Array,
  source: Source,
): Generator<Piece, void, undefined> {
  const staging = new Staging();
  for (const operation of plan.graph.operations) {
    if (operation.kind !== "convolution" && operation.kind !== "fully-connected") continue;
    const packed = plan.memory.packed.get(operation.index);
    if (packed === undefined) throw new RangeError(`operation ${operation.index} has no packed weights`);
    const { layer } = operation;
    const { shape, towers } = plan.graph.tensors[operation.output];
    const channels = shape[0] / towers;
    if (layer.bias)
      for (let tower = 0; tower < towers; tower++) {
        const at = (packed.bias + tower * packed.biasTower) / 4;
        const out = values.subarray(at, at + channels);
        yield {
          read: () => source.read(`${layer.name}.bias`, tower * channels, out),
          pack: () => undefined,
        };
      }
    const name = `${layer.name}.weight`;
    const order = source.columns?.order(name);
    const columnPacker = order && columnPackerOf(plan, operation, packed, values);
    if (source.columns && columnPacker)
      yield* columnPieces(source.columns, { name, order, rows: shape[0] }, columnPacker, staging);
    else {
      const packer = packerOf(plan, operation, packed, values);
      const { panel } = plan.tile;
      for (let tower = 0; tower < towers; tower++) {
        const address = packed.weights + tower * packed.weightsTower;
        const rows = { name, first: tower * channels, count: channels, panel, address };
        yield* rowPieces(source.read, rows, packer, values, staging);
      }
    }
  }
}
