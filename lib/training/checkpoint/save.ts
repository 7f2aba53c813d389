import { AlexNetError } from "../../errors/base.js";
import { checkpointErrors } from "../../errors/training.js";
import { parametersOf } from "../../network/parameters.js";
import { elementsOf } from "../../network/shapes.js";
import { metadataFromPurpose } from "../../weights/metadata.js";
import { bytesOf, firstNotFinite } from "../../weights/numbers.js";
import { VELOCITY } from "../../weights/own-tensors.js";
import { encodeHeader } from "../../weights/safetensors-writer.js";
import { writeWhole, type Write } from "../../weights/whole-file.js";
import { runFiles } from "../run-folder.js";
import { loadCheckpoint } from "./load.js";
import { CHECKPOINT, describe } from "./metadata.js";
import type { CheckpointState, TensorPieces } from "./state.js";

/**
 * Writes DIR/checkpoint.safetensors: weights and velocities in float32, to the bit, in logical layout; all else as
 * metadata. It takes the place of the one before only when it is whole and on the disk: whenever the process or the
 * machine ends, one of the two is there. Nothing of the tensors is copied, and pieces are taken one after the other.
 * @throws AlexNetError CHECKPOINT_UNWRITABLE for a full disk, say, and for a value that is NaN or infinite, as after a
 * training that diverged: the message tells which checkpoint is kept.
 */
export async function saveCheckpoint(folder: string, state: CheckpointState): Promise<void> {
  const { checkpoint: path } = runFiles(folder);
  const { run, position } = state;
  const tensors: readonly TensorPieces[] = [
    ...state.weights,
    ...Array.from(state.velocities, (tensor) => ({ ...tensor, name: `${VELOCITY}${tensor.name}` })),
  ];
  checkComplete(state, tensors);
  const metadata = { ...metadataFromPurpose(path, state), [CHECKPOINT]: describe({ run, position }) };
  const header = encodeHeader(path, tensors, "F32", metadata);
  try {
    checkSums(position.sums);
    await writeWhole(path, async (write) => {
      await write(header);
      for (const tensor of tensors) await writeTensor(write, tensor);
    });
  } catch (error) {
    const cause =
      error instanceof AlexNetError && error.code === "WEIGHTS_UNWRITABLE" ? (error.cause ?? error) : error;
    if (cause instanceof NotFinite)
      throw checkpointErrors.notFinite(path, position.step, cause.at, cause.value, await stepOfLast(folder));
    // what the system says; anything else is of whoever gave the pieces
    if (cause instanceof Error && "syscall" in cause)
      throw checkpointErrors.unwritable(path, position.step, cause, await stepOfLast(folder));
    throw cause;
  }
}

class NotFinite extends Error {
  constructor(
    readonly at: string,
    readonly value: number,
  ) {
    super();
  }
}

/** Such a file could not be read back. */
function checkSums(sums: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(sums))
    if (!Number.isFinite(value)) throw new NotFinite(`the sum of ${name}`, value);
}

async function writeTensor(write: Write, { name, shape, values }: TensorPieces): Promise<void> {
  let written = 0;
  for await (const piece of values instanceof Float32Array ? [values] : values) {
    const bad = firstNotFinite(piece);
    if (bad >= 0) throw new NotFinite(`element ${written + bad} of ${name}`, piece[bad]);
    written += piece.length;
    await write(bytesOf(piece));
  }
  const elements = elementsOf(shape);
  if (written !== elements)
    throw new Error(`checkpoint: ${name} has ${elements} elements, and its pieces have ${written}`);
}

/** A trainer that leaves a tensor out has a mistake, which must not show only when a run is to go on. */
function checkComplete({ network }: CheckpointState, tensors: readonly TensorPieces[]): void {
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape.join()]));
  for (const { name, shape } of parametersOf(network))
    for (const wanted of [name, `${VELOCITY}${name}`])
      if (shapes.get(wanted) !== shape.join())
        throw new Error(
          `checkpoint: ${wanted} is [${shapes.get(wanted) ?? "not there"}], must be [${shape.join()}]`,
        );
}

/** The step of the checkpoint that is there; undefined where there is none that can be read. */
async function stepOfLast(folder: string): Promise<number | undefined> {
  try {
    return (await loadCheckpoint(folder)).position.step;
  } catch {
    // the error that led here is told, and none is kept
    return undefined;
  }
}
