/** The programs of all workers, written side by side, and the plan's parts that every step of training looks at. */
import type { Step } from "../../../workers/steps.js";
import type { Command, ScheduleContext } from "../commands.js";
import type { Placement } from "../memory.js";
import type { Operation } from "../operations.js";
import { partition, type Extent, type Slice } from "../partition.js";
import type { TrainingGraph } from "./graph.js";
import type { Parameter, TrainingLayout } from "./memory.js";

export interface TrainingContext {
  readonly graph: TrainingGraph;
  readonly layout: TrainingLayout;
  /** Of the forward pass, and of the turned convolutions. */
  readonly forward: ScheduleContext;
  readonly backward: ScheduleContext;
}

export class ProgramWriter {
  readonly programs: Command[][];
  /** Whether all workers have met and nothing was written since. */
  #met = true;

  constructor(threads: number) {
    this.programs = Array.from({ length: threads }, () => []);
  }

  get threads(): number {
    return this.programs.length;
  }

  meet(): void {
    if (this.#met || this.threads === 1) return;
    this.programs.forEach((program) => program.push("barrier"));
    this.#met = true;
  }

  add(worker: number, step: Step, image: number, slot: number, stage: number): void {
    this.programs[worker].push({ step, inputImage: image, outputImage: slot, operation: stage });
    this.#met = false;
  }

  /** Whole programs of another part, behind what there is. */
  append(programs: readonly Command[][]): void {
    programs.forEach((program, worker) => {
      for (const command of program) this.programs[worker].push(command);
    });
    this.#met = false;
  }

  /** Calls `use` for each worker's slices of an extent. */
  cut(extent: Extent, use: (slice: Slice, worker: number) => void): void {
    partition(extent, this.threads).forEach((slices, worker) => {
      for (const slice of slices) use(slice, worker);
    });
  }
}

/** Images of one wave, or of a whole batch: slot 0 of the gradients is image `first`. */
export interface Images {
  readonly first: number;
  readonly count: number;
}

/** The gradient of a tensor of the forward pass. */
export interface Gradient {
  readonly place: Placement;
  readonly towers: number;
  /** Where tower 0 of the images' first slot is. */
  readonly offset: number;
}

export function gradientOf(context: TrainingContext, tensor: number, images: Images): Gradient {
  const id = context.graph.gradients[tensor];
  if (id === undefined) throw new RangeError(`tensor ${tensor} has no gradient`);
  return gradientAt(context, id, images);
}

/** The same by the number of the gradient. */
export function gradientAt(
  { graph, layout, backward }: TrainingContext,
  id: number,
  { first }: Images,
): Gradient {
  const place = layout.backward.placements[id];
  const { slots, towers } = graph.backward.tensors[id];
  // as chains place the images of a smaller wave: at the end of a whole one's slots
  const slot = slots === "batch" ? first : first % backward.wave;
  return { place, towers, offset: place.offset + slot * place.image };
}

/** dy of an operation's output, as kernels of gradients are told of it. */
export function gradientFields(
  context: TrainingContext,
  { output }: Pick<Operation, "output">,
  images: Images,
  tower: number,
) {
  const dy = gradientOf(context, output, images);
  return {
    gradient: dy.offset + tower * dy.place.tower,
    gradientImage: dy.place.image,
    gradientRow: dy.place.row,
    gradientColumn: dy.place.column,
  };
}

export function parameterOf({ layout }: TrainingContext, { index }: Pick<Operation, "index">): Parameter {
  const parameter = layout.parameters.get(index);
  if (parameter === undefined) throw new RangeError(`operation ${index} has no weights`);
  return parameter;
}

/**
 * Whether a worker that goes from one operation to the next on maps of `towers` towers and so many images finds there only
 * what itself has written.
 */
export const cutsWhole = (towers: number, images: number, threads: number): boolean =>
  (towers * images) % threads === 0;

/** Whether every worker has whole towers, however a layer's work is cut. */
export const ownsTowers = (towers: number, threads: number): boolean => towers % threads === 0;
