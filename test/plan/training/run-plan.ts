/** Runs a training plan's programs in this thread with the reference kernels, over float64 values. */
import { encode } from "../../../lib/plan/encode.js";
import type { Parameter } from "../../../lib/plan/training/memory.js";
import {
  makeTrainingPlan,
  trainingProgramsOf,
  type TrainingPlan,
  type TrainingPlanOptions,
} from "../../../lib/plan/training/training-plan.js";
import { BARRIER, COMMAND_WORDS } from "../../../workers/protocol.js";
import { bindGradients } from "../../../workers/reference/gradients/kernels.js";
import { bindReference } from "../../../workers/reference/kernels.js";
import { REFERENCE_PANEL } from "../../../workers/reference/panel.js";
import { KERNEL_NAMES, type Kernel } from "../../../workers/steps.js";
import type { Random } from "../../random.js";

const TILE = { set: "reference", rows: 1, rest: 0, panel: REFERENCE_PANEL };

export class Float64Plan {
  readonly plan: TrainingPlan;
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly values: Float64Array;
  readonly #kernels: readonly Kernel[];

  constructor(options: Omit<TrainingPlanOptions, "tile">) {
    this.plan = makeTrainingPlan({ ...options, tile: TILE });
    const { layout } = this.plan;
    this.memory = new SharedArrayBuffer(layout.bytes);
    this.words = new Int32Array(this.memory);
    this.values = new Float64Array(layout.bytes / 4);
    const view = new DataView(this.memory);
    const byName: Record<string, Kernel> = {
      ...bindReference(view, this.values),
      ...bindGradients(view, this.values, this.words),
    };
    this.#kernels = KERNEL_NAMES.map((name) => byName[name]);
    for (const { address, values } of layout.filters.tables) this.words.set(values, address / 4);
  }

  /** Values of the order of magnitude 1 / sqrt(K) for every weight that exists. */
  fillWeights(random: Random): void {
    for (const parameter of this.plan.layout.parameters.values())
      for (const { address, count, step, panel } of rows(this.plan, parameter))
        for (let row = 0; row < count; row++)
          for (let lane = 0; lane < panel; lane++)
            this.values[(address + row * step) / 4 + lane] =
              random.value() / Math.sqrt(Math.max(1, count - 1) / 2);
  }

  fillInput(random: Random, images: number): void {
    const { offset, image } = this.plan.layout.forward.placements[0];
    for (let i = 0; i < (images * image) / 4; i++) this.values[offset / 4 + i] = random.value();
  }

  setLabels(labels: readonly number[]): void {
    this.words.set(labels, this.plan.layout.labels / 4);
  }

  /** Runs it with the workers' parts between two meetings in the order that `order` gives. */
  run(
    kind: "training" | "evaluation",
    images: number,
    order: (threads: number) => number[] = (threads) => Array.from({ length: threads }, (_, index) => index),
  ): void {
    const programs = encode(
      { memory: this.plan.layout.forward },
      trainingProgramsOf(this.plan, kind, images),
      this.memory,
    );
    const at = programs.map(() => 0);
    while (at.some((position, worker) => position < programs[worker].length))
      for (const worker of order(programs.length))
        at[worker] = this.#runUntilMeeting(programs[worker], at[worker]);
  }

  #runUntilMeeting(program: Int32Array, from: number): number {
    let at = from;
    for (; at < program.length; at += COMMAND_WORDS) {
      if (program[at] === BARRIER) return at + COMMAND_WORDS;
      this.#kernels[program[at]](program[at + 1], program[at + 2], program[at + 3]);
    }
    return at;
  }

  /** The mean loss of the last run. */
  loss(images: number): number {
    const { losses } = this.plan.layout;
    let sum = 0;
    for (let image = 0; image < images; image++) sum += this.values[losses / 4 + image];
    return sum / images;
  }
}

/** The packed rows of a layer's weights and biases, with the lanes that exist. */
function* rows({ graph, tile }: TrainingPlan, parameter: Parameter) {
  const { operation, towers, panels, depth, weights, weightsTower, bias, biasTower } = parameter;
  const channels = graph.forward.tensors[operation.output].shape[0] / towers;
  for (let tower = 0; tower < towers; tower++)
    for (let index = 0; index < panels; index++) {
      const panel = Math.min(tile.panel, channels - index * tile.panel);
      const step = tile.panel * 4;
      yield { address: weights + tower * weightsTower + index * depth * step, count: depth, step, panel };
      if (operation.layer.bias)
        yield { address: bias + tower * biasTower + index * step, count: 1, step, panel };
    }
}
