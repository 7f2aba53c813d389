/**
 * The gradient of a fully connected layer's input for a whole batch, dx = dy W, as sums of outer products over the outputs:
 * images are what lies side by side, so dy comes by images, and of W, whose rows have outputs side by side, a block of rows
 * at a time is turned round. Some outputs go over all blocks before the next: their dy stays in the cache, and W is read once.
 */
import type { Step } from "../../../workers/steps.js";
import type { FullyConnectedOperation } from "../operations.js";
import { pieces, type Range } from "../partition.js";
import { stageOf } from "./graph.js";
import { BLOCK_ROWS, inputBlocks, panelsTogether, type InputBlock } from "./input-blocks.js";
import { gemmGradientScratch } from "./scratch.js";
import { gradientOf, parameterOf, type Images, type ProgramWriter, type TrainingContext } from "./writer.js";

/** [images][outputs] of each tower to [panels of images][towers][padded outputs][NR images]. */
export function dyByImages(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const { graph, layout } = context;
  const { panel } = layout.forward;
  const { towers, panels } = parameterOf(context, operation);
  const dy = gradientOf(context, operation.output, images);
  const stage = stageOf(graph.forward, operation.index, "input gradient");
  const tower = panels * panel * panel * 4;
  const groups = pieces([0, images.count], panel);
  writer.cut({ towers, images: groups.length, panels: 1, rows: 1 }, (slice, worker) => {
    for (let group = slice.images[0]; group < slice.images[1]; group++) {
      const step: Step = {
        kernel: "transpose",
        fields: {
          input: dy.offset + slice.tower * dy.place.tower + groups[group][0] * dy.place.image,
          inputBlock: 0,
          inputPanel: 0,
          inputRow: dy.place.image,
          output: layout.dyByImages + group * towers * tower + slice.tower * tower,
          outputBlock: 0,
          outputPanel: 0,
          outputRow: panel * 4,
          panels: 1,
          rows: groups[group][1] - groups[group][0],
          columns: dy.place.channels,
        },
      };
      writer.add(worker, step, 0, 0, stage);
    }
  });
}

/** What the steps of a layer's dx have in common. */
interface InputGradient {
  readonly context: TrainingContext;
  readonly operation: FullyConnectedOperation;
  readonly images: Images;
  /** Panels of images. */
  readonly groups: number;
}

/** dx, cut by its rows of W; dy by images must be there, of all workers. */
export function inputGradients(
  context: TrainingContext,
  writer: ProgramWriter,
  operation: FullyConnectedOperation,
  images: Images,
): void {
  const { panel } = context.layout.forward;
  const { towers, panels, depth } = parameterOf(context, operation);
  const groups = Math.ceil(images.count / panel);
  const gradient: InputGradient = { context, operation, images, groups };
  const blocks = inputBlocks(depth, gradientOf(context, operation.input, images).towers);
  const parts = pieces([0, panels], panelsTogether(context.layout.paddedImages, panel));
  const stage = stageOf(context.graph.forward, operation.index, "input gradient");
  writer.cut({ towers: 1, images: blocks.length, panels: 1, rows: 1 }, ({ images: [from, to] }, worker) => {
    const own = blocks.slice(from, to);
    for (let tower = 0; tower < towers; tower++)
      for (const part of parts) {
        const turn = stepsBy(({ rows }: InputBlock) => turnStep(gradient, tower, part, rows, worker));
        const multiply = multiplyStep(gradient, tower, part, worker);
        for (const block of own) {
          for (const step of turn(block)) writer.add(worker, step, block.row, 0, stage);
          writer.add(worker, multiply, 0, block.index, stage);
        }
      }
    const back = stepsBy((block: InputBlock) => backSteps(gradient, block));
    for (const block of own)
      for (const step of back(block)) writer.add(worker, step, block.index, block.rowInTower, stage);
  });
}

/** Blocks of as many rows in the same tower share their steps. */
function stepsBy(make: (block: InputBlock) => Step[]): (block: InputBlock) => Step[] {
  const known = new Map<string, Step[]>();
  return (block) => {
    const key = `${block.tower} ${block.rows}`;
    const steps = known.get(key) ?? make(block);
    known.set(key, steps);
    return steps;
  };
}

/** Where a worker's rows of W lie, turned round: behind what multiplying them needs. */
const turnedOf = ({ layout }: TrainingContext, worker: number): number =>
  layout.forward.scratch + worker * layout.forward.scratchWorker + gemmGradientScratch;

/** `rows` rows of W, of the part's outputs, as [outputs][BLOCK_ROWS]; called with the first of the rows. */
function turnStep(
  { context, operation }: InputGradient,
  tower: number,
  part: Range,
  rows: number,
  worker: number,
): Step[] {
  const { panel } = context.layout.forward;
  const { depth, weights, weightsTower } = parameterOf(context, operation);
  const inputPanel = depth * panel * 4;
  return [
    {
      kernel: "transpose",
      fields: {
        input: weights + tower * weightsTower + part[0] * inputPanel,
        inputBlock: panel * 4,
        inputPanel,
        inputRow: panel * 4,
        output: turnedOf(context, worker),
        outputBlock: 0,
        outputPanel: panel * BLOCK_ROWS * 4,
        outputRow: BLOCK_ROWS * 4,
        panels: part[1] - part[0],
        rows,
        columns: panel,
      },
    },
  ];
}

/** Adds the part's outputs to dx of a block, [panels of images][BLOCK_ROWS][NR images]; called with the block. */
function multiplyStep(
  { context, operation, groups }: InputGradient,
  tower: number,
  [from, to]: Range,
  worker: number,
): Step {
  const { layout } = context;
  const { panel, scratch, scratchWorker } = layout.forward;
  const { towers, panels } = parameterOf(context, operation);
  const dyTower = panels * panel * panel * 4;
  return {
    kernel: "gemm_gradient",
    fields: {
      input: turnedOf(context, worker),
      inputPlane: 0,
      inputRow: BLOCK_ROWS * 4,
      gradient: layout.dyByImages + tower * dyTower + from * panel * panel * 4,
      gradientPlane: 0,
      gradientPanel: towers * dyTower,
      output: layout.dxByInputs,
      outputPlane: groups * BLOCK_ROWS * panel * 4,
      // where a block has fewer rows, what the others give is not used
      depth: BLOCK_ROWS,
      rows: (to - from) * panel,
      panelFrom: 0,
      panelTo: groups,
      accumulate: tower + from === 0 ? 0 : 1,
      scratch: scratch + worker * scratchWorker,
    },
  };
}

/** dx of a block to its place, image by image; called with the block and its first row in its tower. */
function backSteps(
  { context, operation, images, groups }: InputGradient,
  { tower, rows }: InputBlock,
): Step[] {
  const { layout } = context;
  const { panel } = layout.forward;
  const dx = gradientOf(context, operation.input, images);
  const inputPanel = BLOCK_ROWS * panel * 4;
  const whole = Math.floor(images.count / panel);
  return [
    { first: 0, panels: whole, columns: panel },
    { first: whole, panels: groups - whole, columns: images.count % panel },
  ]
    .filter(({ panels }) => panels > 0)
    .map(({ first, panels, columns }) => ({
      kernel: "transpose",
      fields: {
        input: layout.dxByInputs + first * inputPanel,
        inputBlock: groups * inputPanel,
        inputPanel,
        inputRow: panel * 4,
        output: dx.offset + tower * dx.place.tower + first * panel * dx.place.image,
        outputBlock: 4,
        outputPanel: panel * dx.place.image,
        outputRow: dx.place.image,
        panels,
        rows,
        columns,
      },
    }));
}
