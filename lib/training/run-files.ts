/** What a run leaves in its folder: checkpoints, and the weights of its best epoch. */
import type { Network } from "../network/layers.js";
import { saveWeights, type Purpose, type Weights } from "../weights/index.js";
import { pieces } from "./arena.js";
import { loadCheckpoint, type Checkpoint } from "./checkpoint/load.js";
import { saveCheckpoint } from "./checkpoint/save.js";
import type { RunIdentity, RunPosition, TensorPieces } from "./checkpoint/state.js";
import { runFiles } from "./run-folder.js";
import type { StepRunner } from "./step-runner.js";
import { trainedWeights } from "./trained-weights.js";

export class RunKeeper {
  readonly #folder: string | undefined;
  readonly #network: Network;
  readonly #identity: RunIdentity;
  readonly #purpose: Purpose;
  readonly #runner: StepRunner;

  /** @param folder nothing is written where left out */
  constructor(
    folder: string | undefined,
    identity: RunIdentity,
    purpose: Purpose & { readonly network: Network },
    runner: StepRunner,
  ) {
    this.#folder = folder;
    this.#network = purpose.network;
    this.#identity = identity;
    this.#purpose = purpose;
    this.#runner = runner;
  }

  /** @throws AlexNetError CHECKPOINT_UNWRITABLE; then the last one is still there. */
  async save(position: RunPosition): Promise<void> {
    if (this.#folder === undefined) return;
    const tensors = (kind: "weights" | "velocities"): TensorPieces[] =>
      this.#runner.tensors(kind).map((tensor) => ({
        name: tensor.name,
        shape: tensor.shape,
        values: pieces(tensor),
      }));
    await saveCheckpoint(this.#folder, {
      ...this.#purpose,
      network: this.#network,
      run: this.#identity,
      position,
      weights: tensors("weights"),
      velocities: tensors("velocities"),
    });
  }

  /** Writes the weights as those of the best epoch. @throws AlexNetError WEIGHTS_UNWRITABLE */
  async saveBest(): Promise<void> {
    if (this.#folder !== undefined) await saveWeights(runFiles(this.#folder).best, this.weights());
  }

  weights(): Weights {
    const { name } = this.#network;
    return trainedWeights(`trained ${name}`, this.#runner.tensors("weights"), this.#purpose);
  }

  /** The checkpoint's weights and velocities, in their places. @throws AlexNetError CHECKPOINT_... */
  async takeUp(): Promise<Checkpoint | undefined> {
    if (this.#folder === undefined) return undefined;
    const checkpoint = await loadCheckpoint(this.#folder, { network: this.#network, ...this.#identity });
    await this.#runner.load("weights", checkpoint.weights);
    await this.#runner.load("velocities", checkpoint.velocities);
    return checkpoint;
  }
}
