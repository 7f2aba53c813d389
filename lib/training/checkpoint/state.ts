/** What a checkpoint holds: all that a run needs to go on as if it had never stopped. */
import type { Network, Shape } from "../../network/layers.js";
import type { Purpose } from "../../weights/index.js";
import type { Recipe } from "../recipes/recipe.js";
import type { PlateauState } from "../schedule.js";

/** By which a set of images is known again. */
export interface DataFingerprint {
  /** In the order of their indices. */
  readonly classes: readonly string[];
  /** Images. */
  readonly training: number;
  /** Images; 0 without. */
  readonly validation: number;
}

/** What makes a run what it is, and stays. */
export interface RunIdentity {
  readonly seed: number;
  readonly recipe: Recipe;
  readonly data: DataFingerprint;
  /** The kernel set, whose bits differ from another's. */
  readonly kernels: string;
}

/** Where a run is. */
export interface RunPosition {
  /** Steps that are done. */
  readonly step: number;
  /** The epoch that goes on, from 0: one whose row is written in the metrics counts as over. */
  readonly epoch: number;
  /** Batches of it that are done. */
  readonly batch: number;
  readonly plateau: PlateauState;
  /** The epoch with the best validation accuracy (top-1, 0 to 1) so far. */
  readonly best: { readonly epoch: number; readonly accuracy: number } | null;
  /** Of the epoch that goes on, what its row in the metrics is made of: "loss", say, summed over its images. */
  readonly sums: Readonly<Record<string, number>>;
  /** That the run has taken, without its pauses. */
  readonly seconds: number;
}

/** A tensor whose elements, in row-major order, come in one piece or in several, which may share their memory. */
export interface TensorPieces {
  /** "LAYER.weight" or "LAYER.bias". */
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array | Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

export interface CheckpointState extends Purpose {
  readonly network: Network;
  readonly run: RunIdentity;
  readonly position: RunPosition;
  readonly weights: Iterable<TensorPieces>;
  /** One for each of the weights, of its name and shape. */
  readonly velocities: Iterable<TensorPieces>;
}
