/** The plan of a training step: one network on one kernel set, with a largest batch and a number of threads. Plain data. */
import { engineErrors } from "../../errors/engine.js";
import type { Network } from "../../network/layers.js";
import type { Step } from "../../../workers/steps.js";
import { checkConvolutions, type PlannedConvolutions } from "../algorithm.js";
import type { Command } from "../commands.js";
import { MAX_BATCH, MAX_THREADS, waveFor } from "../plan.js";
import type { Tile } from "../tile.js";
import { trainingGraph } from "./graph.js";
import { layOutTraining } from "./memory.js";
import { evaluationPrograms, trainingPrograms } from "./programs.js";
import type { TrainingContext } from "./writer.js";

export interface TrainingPlan extends TrainingContext {
  readonly network: Network;
  readonly tile: Tile;
  readonly threads: number;
  readonly maxBatch: number;
  readonly wave: number;
}

export interface TrainingPlanOptions {
  readonly network: Network;
  readonly tile: Tile;
  /** 1 to MAX_THREADS. */
  readonly threads: number;
  /** Images of the largest batch, 1 to MAX_BATCH. */
  readonly maxBatch: number;
  /** How convolutions are computed; by the "rule" where left out. The gradient of an input is computed as the layer is. */
  readonly convolutions?: PlannedConvolutions;
}

/**
 * @throws AlexNetError OPTION_INVALID for threads, maxBatch or convolutions, TRAINING_IMPOSSIBLE for a network that cannot
 * be trained, MEMORY_TOO_LARGE where 4 GiB are not enough.
 */
export function makeTrainingPlan(options: TrainingPlanOptions): TrainingPlan {
  const { network, tile, threads, maxBatch, convolutions = "rule" } = options;
  checkCount("threads", threads, MAX_THREADS);
  checkCount("batch", maxBatch, MAX_BATCH);
  checkConvolutions(convolutions, network);
  const graph = trainingGraph(network, convolutions);
  const wave = waveFor(graph.forward.towers, threads, maxBatch);
  const planned = (stepCapacity: number): TrainingPlan => {
    const layout = layOutTraining(graph, {
      network: network.name,
      tile,
      threads,
      maxBatch,
      wave,
      stepCapacity,
    });
    const common = { tile, wave, threads };
    return {
      ...{ network, graph, layout, tile, threads, maxBatch, wave },
      forward: { ...common, graph: graph.forward, memory: layout.forward },
      backward: { ...common, graph: graph.backward, memory: layout.backward },
    };
  };
  // how many steps there are does not depend on where they are
  return planned(FORMS_OF_WAVE * stepsOf(trainingPrograms(planned(0), maxBatch)));
}

/** A batch of another size has at most this many forms of wave, each with steps of its own. */
const FORMS_OF_WAVE = 3;

function stepsOf(programs: readonly (readonly Command[])[]): number {
  const steps = new Set<Step>();
  for (const program of programs)
    for (const command of program) if (command !== "barrier") steps.add(command.step);
  return steps.size;
}

/** The commands of each worker: of a step of training, or of the loss of a batch in inference. */
export function trainingProgramsOf(
  plan: TrainingPlan,
  kind: "training" | "evaluation",
  images: number,
): Command[][] {
  checkCount("images", images, plan.maxBatch);
  return kind === "training" ? trainingPrograms(plan, images) : evaluationPrograms(plan, images);
}

function checkCount(parameter: string, got: number, most: number): void {
  if (!Number.isInteger(got) || got < 1 || got > most)
    throw engineErrors.option(parameter, got, `a whole number from 1 to ${most}`);
}
